// The licences that a published binary has to carry: those of what is linked into it, and of OpenBLAS beside it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib/run.mjs';
import { pins } from './platforms.mjs';

/** The parts of a platform's binary: a name, what it is to the binary, and the file with its licence. */
function parts(platform, { zig, highway, blas }) {
  const lib = path.join(path.dirname(zig), 'lib');
  const zigs = (file) => path.join(lib, file);
  const npm = (name, file) => path.join(root, 'node_modules', name, file);
  return [
    [
      `OpenBLAS and LAPACK ${pins['scipy-openblas32'].version}, with GCC's run-time libraries`,
      `the file ${platform.library}, as in the package scipy-openblas32 of PyPI${platform.os === 'linux' ? ', without its DT_SONAME and its table of symbols' : ''}; its own notice calls it part of NumPy`,
      blas.licence,
    ],
    [`Highway ${pins.highway.version}`, 'compiled into the addon', path.join(highway, 'LICENSE')],
    ['LLVM libc++', 'compiled into the addon', zigs('libcxx/LICENSE.TXT')],
    ['LLVM libc++abi', 'compiled into the addon', zigs('libcxxabi/LICENSE.TXT')],
    ...(platform.os === 'darwin' ? [] : [['LLVM libunwind', 'compiled into the addon', zigs('libunwind/LICENSE.TXT')]]),
    ...(platform.os === 'win32' ? [['mingw-w64', 'compiled into the addon', zigs('libc/mingw/COPYING')]] : []),
    [
      `zig ${pins.ziglang.version} (compiler run time)`,
      'compiled into the addon',
      path.join(path.dirname(zig), 'LICENSE'),
    ],
    ['node-api-headers', 'compiled into the addon', npm('node-api-headers', 'LICENSE')],
  ];
}

export function notices(platform, sources) {
  const rule = '='.repeat(100);
  const sections = parts(platform, sources).map(
    ([name, role, file]) => `${rule}\n${name}\n${role}\n${rule}\n\n${readFileSync(file, 'utf8').trim()}\n`,
  );
  return [
    `${platform.package} contains the following software of others. evenkeel itself is under the licence in LICENSE.\n`,
    ...sections,
  ].join('\n');
}
