// As much of ELF files as the loader has to know.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';

const PT_INTERP = 3;

interface Segment {
  type: number;
  offset: number;
  size: number;
}

interface Elf {
  /** The file's first bytes. */
  start: Buffer;
  segments: Segment[];
  /** How long the file is, and how long it has to be at least. */
  size: number;
  needed: number;
}

/** The headers of a 64-bit little-endian ELF file, or undefined for anything else. */
function readElf(file: string): Elf | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(4096);
    const start = bytes.subarray(0, readSync(descriptor, bytes));
    if (start.length < 64 || start.toString('latin1', 0, 4) !== '\x7fELF' || start[4] !== 2 || start[5] !== 1) {
      return undefined;
    }
    const { size } = fstatSync(descriptor);
    const long = (at: number) => Number(start.readBigUInt64LE(at));
    // Where the section headers end, which linkers put last.
    let needed = long(40) + start.readUInt16LE(58) * start.readUInt16LE(60);
    const segments = [];
    for (let i = 0; i < start.readUInt16LE(56); i++) {
      const header = long(32) + i * start.readUInt16LE(54);
      if (header + 56 > start.length) break;
      const segment = { type: start.readUInt32LE(header), offset: long(header + 8), size: long(header + 32) };
      segments.push(segment);
      needed = Math.max(needed, segment.offset + segment.size);
    }
    return { start, segments, size, needed };
  } finally {
    closeSync(descriptor);
  }
}

/** The program that starts an executable (PT_INTERP), which belongs to one C library; '' where that is not to be seen. */
export function interpreterOf(executable: string): string {
  try {
    const elf = readElf(executable);
    const found = elf?.segments.find(({ type }) => type === PT_INTERP);
    return found ? elf!.start.toString('latin1', found.offset, found.offset + found.size).replace(/\0.*$/s, '') : '';
  } catch {
    return '';
  }
}

/**
 * The first of the ELF files in the folder of `addon` that is shorter than its own headers say, or undefined. Loading such a
 * file can end the process (SIGBUS), where other systems refuse it.
 */
export function cutShort(addon: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const folder = path.dirname(addon);
  for (const name of readdirSync(folder)) {
    if (!/\.(node|so)$/.test(name)) continue;
    const elf = readElf(path.join(folder, name));
    if (elf && elf.size < elf.needed) return path.join(folder, name);
  }
  return undefined;
}
