// Systems that forbid things: file systems that cannot be written to, V8's memory cage.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Failure, must } from '../../lib/run.mjs';
import { externalBuffers } from '../../prebuild/inspect.mjs';
import { environment, printsGolden, project } from '../project.mjs';

/** Why mounts cannot be made read-only here, or undefined. */
export function noMounts() {
  if (process.platform !== 'linux') return 'only Linux has mount namespaces';
  const { status, stderr, error } = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `unshare: ${error?.message ?? stderr.trim()}`;
}

/** A shell that sees every file system read-only, /tmp too, and has no home, as functions of AWS Lambda do. */
function readOnly(command) {
  const script = `set -e
mount --make-rprivate /
mount --bind "$1" /mnt
mount -t tmpfs -o ro tmpfs /tmp
awk '$2 !~ "^/(proc|sys|dev|tmp)(/|$)" && $4 !~ "^ro(,|$)" { print $2 }' /proc/mounts | sort -u | while read -r at; do
  mount -o remount,bind,ro "$at"
done
cd /mnt
if touch written 2>/dev/null || touch /tmp/written 2>/dev/null; then echo "the file system can be written to"; exit 9; fi
exec ${command}`;
  return (cwd) => ['unshare', '--mount', 'sh', '-c', script, 'sh', cwd];
}

const bare = { HOME: '/nonexistent', TMPDIR: '/tmp', XDG_CACHE_HOME: '/nonexistent' };

export function readOnlyRows(tarballs) {
  let made;
  const cwd = async () => (made ??= await project('read-only', tarballs));
  const node = `"${process.execPath}"`;
  return [
    {
      name: 'read-only file system: the program',
      run: async () => {
        const at = await cwd();
        return printsGolden(at, readOnly(`${node} main.mjs`)(at), bare);
      },
    },
    {
      name: 'read-only file system: evenkeel init says so',
      run: async () => {
        const at = await cwd();
        const words = readOnly(`${node} node_modules/evenkeel/dist/cli/main.js init out --model spec.json --seed 0`)(
          at,
        );
        const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), {
          cwd: at,
          env: environment(bare),
          encoding: 'utf8',
        });
        if (status === 0 || status === 9) throw new Failure(`it ended with ${status}: ${stdout}${stderr}`);
        if (!/read-only file system/.test(stderr) || /^ +at /m.test(stderr)) throw new Failure(stderr);
        return stderr.trim();
      },
    },
  ];
}

export function electronRow(tarballs, platform) {
  return {
    name: 'Electron: nothing is asked for that its V8 refuses',
    run: async () => {
      const at = await project('electron', tarballs);
      const addon = path.join(at, 'node_modules', platform.package, platform.folder, 'evenkeel.node');
      const symbols = await must('readelf', ['--wide', '--dyn-syms', addon]);
      const wanted = [...symbols.matchAll(/\bUND ((?:napi|node_api)_\w+)/g)].map(([, name]) => name);
      if (wanted.length < 10) throw new Failure(`readelf shows ${wanted.length} functions of Node-API`);
      const found = externalBuffers(wanted);
      if (found.length > 0) throw new Failure(`it asks for ${found.join(', ')}`);
      return `${wanted.length} functions of Node-API, none that makes buffers of foreign memory`;
    },
  };
}
