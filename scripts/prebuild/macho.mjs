// Reads what matters of a 64-bit Mach-O file: what it is for, which libraries it takes symbols from, and what it exports.
import { Failure } from '../lib/run.mjs';

const MAGIC = 0xfeedfacf;
const LC = { SYMTAB: 0x2, LOAD_DYLIB: 0xc, ID_DYLIB: 0xd, RPATH: 0x8000001c, MIN_MACOS: 0x24, BUILD_VERSION: 0x32 };
const LC_DYLD_INFO = [0x22, 0x80000022];
const LC_EXPORTS_TRIE = 0x80000033;
const processors = { 16777223: 'x64', 16777228: 'arm64' };

/** The names in a trie of exports. */
function exportsOf(trie) {
  const names = [];
  const number = (at) => {
    let [value, shift] = [0, 0];
    for (; ; at++, shift += 7) {
      value += (trie[at] & 127) * 2 ** shift;
      if (trie[at] < 128) return [value, at + 1];
    }
  };
  const visit = (at, prefix) => {
    const [size, after] = number(at);
    if (size > 0) names.push(prefix);
    let next = after + size;
    for (let children = trie[next++]; children > 0; children--) {
      const end = trie.indexOf(0, next);
      const [child, rest] = number(end + 1);
      visit(child, prefix + trie.toString('latin1', next, end));
      next = rest;
    }
  };
  if (trie.length > 0) visit(0, '');
  return names.sort();
}

export function readMachO(file) {
  if (file.readUInt32LE(0) !== MAGIC) throw new Failure('not a 64-bit Mach-O file');
  const found = { cpu: processors[file.readUInt32LE(4)], libraries: [], rpaths: [], exports: [], imports: [] };
  const text = (at, end = file.length) => file.toString('latin1', at, Math.min(end, file.indexOf(0, at)));
  const dotted = (version) => `${version >>> 16}.${(version >>> 8) & 255}`;
  let symbols;
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    const [command, size] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    const named = () => text(at + file.readUInt32LE(at + 8), at + size);
    const slice = (offset) =>
      file.subarray(file.readUInt32LE(at + offset)).subarray(0, file.readUInt32LE(at + offset + 4));
    if (command === LC.LOAD_DYLIB) found.libraries.push(named());
    if (command === LC.ID_DYLIB) found.name = named();
    if (command === LC.RPATH) found.rpaths.push(named());
    if (command === LC.MIN_MACOS) found.minimum = dotted(file.readUInt32LE(at + 8));
    if (command === LC.BUILD_VERSION) found.minimum = dotted(file.readUInt32LE(at + 12));
    if (LC_DYLD_INFO.includes(command)) found.exports = exportsOf(slice(40));
    if (command === LC_EXPORTS_TRIE) found.exports = exportsOf(slice(8));
    if (command === LC.SYMTAB) symbols = [8, 12, 16].map((offset) => file.readUInt32LE(at + offset));
    at += size;
  }
  const [table, count, strings] = symbols;
  for (let i = 0; i < count; i++) {
    const entry = table + 16 * i;
    const [type, description] = [file[entry + 4], file.readUInt16LE(entry + 6)];
    // External and undefined, no debugging entry; the high byte is the number of the library that has it.
    if ((type & 0xef) !== 1) continue;
    const ordinal = description >>> 8;
    const from = { 254: 'whoever loads it', 255: 'the program', 0: 'itself' }[ordinal] ?? found.libraries[ordinal - 1];
    found.imports.push({ name: text(strings + file.readUInt32LE(entry)), from });
  }
  return found;
}
