// Changes to 64-bit ELF libraries that were built elsewhere.
import { Failure } from '../lib/run.mjs';

const DT_NULL = 0n;
const DT_SONAME = 14n;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const SHT_NULL = 0;
const SHT_SYMTAB = 2;

const long = (elf, at) => Number(elf.readBigUInt64LE(at));

function check(elf) {
  if (elf.toString('latin1', 0, 4) !== '\x7fELF' || elf[4] !== 2 || elf[5] !== 1) {
    throw new Failure('not a little-endian 64-bit ELF file');
  }
}

/** The program headers: type, and which bytes of the file. */
function segments(elf) {
  const [table, size] = [long(elf, 32), elf.readUInt16LE(54)];
  return Array.from({ length: elf.readUInt16LE(56) }, (_, i) => {
    const at = table + i * size;
    const begin = long(elf, at + 8);
    return { type: elf.readUInt32LE(at), begin, end: begin + long(elf, at + 32) };
  });
}

/**
 * A library without its own name (DT_SONAME). The dynamic linker takes a library of that name which is loaded already for the
 * one it looks for: with the name, another package's OpenBLAS could be ours, or ours theirs.
 */
export function withoutSoname(elf) {
  check(elf);
  const out = Buffer.from(elf);
  for (const { type, begin, end } of segments(elf)) {
    if (type !== PT_DYNAMIC) continue;
    let to = begin;
    for (let from = begin; from < end; from += 16) {
      if (elf.readBigUInt64LE(from) === DT_SONAME) continue;
      elf.copy(out, to, from, from + 16);
      to += 16;
    }
    for (; to < end; to += 8) out.writeBigUInt64LE(DT_NULL, to);
  }
  return out;
}

/**
 * A library without the table of all its symbols, which is there for debuggers (dynamic linkers have one of their own): 2 MB of
 * 29. Unchanged where that table and its strings are not the last things in the file but for the names of sections.
 */
export function withoutSymbols(elf) {
  check(elf);
  const [table, size, count] = [long(elf, 40), elf.readUInt16LE(58), elf.readUInt16LE(60)];
  const sections = Array.from({ length: count }, (_, i) => {
    const at = table + i * size;
    const begin = long(elf, at + 24);
    const type = elf.readUInt32LE(at + 4);
    // SHT_NOBITS takes no room.
    return { type, begin, end: begin + (type === 8 ? 0 : long(elf, at + 32)), link: elf.readUInt32LE(at + 40) };
  });
  const symbols = sections.findIndex(({ type }) => type === SHT_SYMTAB);
  if (symbols < 0) return elf;
  const gone = [symbols, sections[symbols].link];
  const names = elf.readUInt16LE(62);
  const cut = Math.min(...gone.map((i) => sections[i].begin));
  const rest = sections.filter((_, i) => !gone.includes(i) && i !== names);
  const loaded = segments(elf).filter(({ type }) => type === PT_LOAD);
  const last = gone.includes(names) || [...rest, ...loaded].some(({ end }) => end > cut) || table < cut;
  if (last || sections.some(({ link }, i) => gone.includes(link) && !gone.includes(i))) return elf;

  const text = elf.subarray(sections[names].begin, sections[names].end);
  const aligned = (at) => Math.ceil(at / 8) * 8;
  const newTable = aligned(cut + text.length);
  const out = Buffer.alloc(newTable + count * size);
  elf.copy(out, 0, 0, cut);
  text.copy(out, cut);
  elf.copy(out, newTable, table, table + count * size);
  for (const i of gone) out.fill(SHT_NULL, newTable + i * size, newTable + (i + 1) * size);
  out.writeBigUInt64LE(BigInt(cut), newTable + names * size + 24);
  out.writeBigUInt64LE(BigInt(newTable), 40);
  return out;
}
