// What the declarations of the package say of its public calls, as plain data: which arguments each takes. Read by the TypeScript
// compiler from the declarations of the built package, so that a new function or option is known without being listed.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The entry points of the package: the name to print, the module to import. */
export const entries = Object.entries(
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).exports,
)
  .filter(([, target]) => target.types !== undefined)
  .map(([name, target]) => ({
    name: name === '.' ? 'evenkeel' : name.slice(2),
    module: new URL(`../../${target.default}`, import.meta.url),
    types: fileURLToPath(new URL(`../../${target.types}`, import.meta.url)),
  }));

const typedArrays = /^(Float|Int|Uint|BigInt|BigUint)\d+(Clamped)?Array$/;

/** Names made of others, such as `neg_`, have no declaration of their own. */
const isOurs = ({ declarations }) =>
  declarations === undefined || declarations.some((at) => !at.getSourceFile().fileName.includes('/node_modules/'));
const collections = { Array: 1, ReadonlyArray: 1, Iterable: 1, AsyncIterable: 1, Set: 1, ReadonlySet: 1, Promise: 1 };

/**
 * `calls`: by path (`evenkeel.nn.Linear#forward`), the signatures of each: `{ self, signatures: [{ args, rest }] }`, where a
 * class is what `new` takes, or `{ internal: true }`. `types`: what the numbers in them stand for, since types refer to themselves.
 */
export function readTypes() {
  const missing = entries.find(({ types }) => !existsSync(types));
  if (missing) throw new Error(`${missing.types} is not there: run \`npm run setup\``);
  const program = ts.createProgram(
    entries.map(({ types }) => types),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, skipLibCheck: true, strict: true },
  );
  return new Reader(program).read();
}

class Reader {
  #checker;
  #program;
  #ids = new Map();
  #types = [];
  #calls = {};

  constructor(program) {
    this.#program = program;
    this.#checker = program.getTypeChecker();
  }

  read() {
    for (const { name, types } of entries) {
      const module = this.#checker.getSymbolAtLocation(this.#program.getSourceFile(types));
      this.#walk(name, module);
    }
    return { calls: this.#calls, types: this.#types };
  }

  #walk(path, module) {
    for (const exported of this.#checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(exported) : exported;
      const at = `${path}.${exported.name}`;
      if (symbol.flags & ts.SymbolFlags.Module && !(symbol.flags & ts.SymbolFlags.Class)) this.#walk(at, symbol);
      else if (symbol.flags & ts.SymbolFlags.Value) this.#value(at, symbol);
    }
  }

  #value(at, symbol) {
    const type = this.#checker.getTypeOfSymbol(symbol);
    const made = type.getConstructSignatures();
    if (made.length > 0) {
      const isInternal = made.some((signature) => signature.getJsDocTags().some(({ name }) => name === 'internal'));
      this.#calls[at] = isInternal
        ? { internal: true }
        : { signatures: made.map((signature) => this.#signature(signature)) };
      for (const property of type.getProperties()) {
        if (property.name !== 'prototype' && isOurs(property)) this.#member(`${at}.${property.name}`, property);
      }
      this.#members(at, made[0].getReturnType());
      return;
    }
    const called = type.getCallSignatures();
    if (called.length > 0) {
      this.#calls[at] = { signatures: called.map((signature) => this.#signature(signature)) };
      return;
    }
    // A table of functions.
    for (const property of this.#ownMembers(type)) this.#member(`${at}.${property.name}`, property);
  }

  #member(at, property, self) {
    const type = this.#checker.getTypeOfSymbol(property);
    const signatures = this.#checker.getNonNullableType(type).getCallSignatures();
    if (this.#isInternal(property)) {
      this.#calls[at] = { internal: true };
      return;
    }
    if (signatures.length > 0) {
      this.#calls[at] = { self, signatures: signatures.map((signature) => this.#signature(signature)) };
    } else if (self !== undefined) {
      // Written to; reading it needs no arguments.
      this.#calls[`${at}=`] = { self, signatures: [{ args: [{ type: this.#id(type) }] }] };
    }
  }

  /** The members of a type that we declare. */
  #ownMembers(type) {
    return this.#checker
      .getPropertiesOfType(type)
      .filter((property) => !/^(__[@#]|#)/.test(property.name) && isOurs(property));
  }

  #isInternal(property) {
    const modifiers = property.valueDeclaration ? ts.getCombinedModifierFlags(property.valueDeclaration) : 0;
    return (
      (modifiers & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0 ||
      property.getJsDocTags(this.#checker).some(({ name }) => name === 'internal')
    );
  }

  #members(at, instance) {
    const self = this.#id(instance);
    for (const property of this.#ownMembers(instance)) this.#member(`${at}#${property.name}`, property, self);
  }

  #signature(signature) {
    const parameters = signature.getParameters();
    const args = parameters.map((parameter) => {
      const declaration = parameter.valueDeclaration;
      const type = this.#checker.getTypeOfSymbol(parameter);
      const optional = declaration && ts.isParameter(declaration) && this.#checker.isOptionalParameter(declaration);
      return { name: parameter.name, type: this.#id(type), ...(optional && { optional: true }) };
    });
    // What only our own calls pass.
    if (args.at(-1)?.name === 'internals') args.pop();
    const last = parameters.at(-1)?.valueDeclaration;
    const rest = last && ts.isParameter(last) && last.dotDotDotToken !== undefined;
    return { args, ...(rest && { rest: true }), returns: this.#id(signature.getReturnType()) };
  }

  #id(type) {
    const known = this.#ids.get(type);
    if (known !== undefined) return known;
    const id = this.#types.length;
    this.#ids.set(type, id);
    this.#types.push({ kind: 'any' });
    this.#types[id] = this.#describe(type);
    return id;
  }

  #describe(type) {
    const { flags } = type;
    if (type.isUnion()) return { kind: 'union', of: type.types.map((member) => this.#id(member)) };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: 'literal', value: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { kind: 'literal', value: type.intrinsicName === 'true' };
    for (const [flag, kind] of [
      [ts.TypeFlags.NumberLike, 'number'],
      [ts.TypeFlags.StringLike, 'string'],
      [ts.TypeFlags.BigIntLike, 'bigint'],
      [ts.TypeFlags.BooleanLike, 'boolean'],
      [ts.TypeFlags.Undefined | ts.TypeFlags.Void, 'undefined'],
      [ts.TypeFlags.Null, 'null'],
    ]) {
      if (flags & flag) return { kind };
    }
    if (flags & ts.TypeFlags.TypeParameter) {
      const constraint = this.#checker.getBaseConstraintOfType(type);
      return constraint && constraint !== type ? { kind: 'union', of: [this.#id(constraint)] } : { kind: 'any' };
    }
    if (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.#object(type);
    return { kind: 'any' };
  }

  #object(type) {
    const name = type.symbol?.name ?? '';
    const checker = this.#checker;
    if (checker.isTupleType(type)) {
      return { kind: 'tuple', of: checker.getTypeArguments(type).map((member) => this.#id(member)) };
    }
    if (
      typedArrays.test(name) ||
      /^(ArrayBuffer|SharedArrayBuffer|DataView|Map|ReadonlyMap|RegExp|AbortSignal)$/.test(name)
    ) {
      const of = name.endsWith('Map') ? checker.getTypeArguments(type).map((member) => this.#id(member)) : undefined;
      return { kind: 'builtin', name, ...(of && { of }) };
    }
    if (Object.hasOwn(collections, name)) {
      return { kind: 'collection', name, of: this.#id(checker.getTypeArguments(type)[0]) };
    }
    const signatures = type.getCallSignatures();
    if (signatures.length > 0) return { kind: 'function', returns: this.#id(signatures[0].getReturnType()) };
    if (type.getConstructSignatures().length > 0) return { kind: 'any' };
    if ((type.isClass() || type.target?.isClass?.()) && isOurs(type.symbol)) {
      return { kind: 'class', name };
    }
    const props = {};
    for (const property of checker.getPropertiesOfType(type)) {
      if (property.name.startsWith('__@')) continue;
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      props[property.name] = { type: this.#id(checker.getTypeOfSymbol(property)), ...(optional && { optional }) };
    }
    const index = type.getStringIndexType();
    return { kind: 'object', name, props, ...(index && { index: this.#id(index) }) };
  }
}
