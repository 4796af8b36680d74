import { fileURLToPath } from 'node:url';

/** The package's folder: this file, or the bundle it became part of, lies somewhere in lib/ or dist/. */
export const root = fileURLToPath(import.meta.url.replace(/^(.*)\/(lib|dist)\/.*$/, '$1/'));
