// The compiler and the libraries that the native code needs: are they there, and how to get them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ask, Failure, must, onPath, step } from './run.mjs';

const CMAKE_MIN = [3, 25];

/**
 * What the set-up needs, a row for each thing: what apt calls it, and whether it is there. Looks at files only: no process
 * is started.
 */
const NEEDS = [
  { apt: 'g++', has: () => (process.env.CXX ? true : Boolean(onPath('c++', 'g++') && onPath('cc', 'gcc'))) },
  { apt: 'cmake', has: () => Boolean(onPath('cmake')) },
  { apt: 'ninja-build', has: () => Boolean(onPath('ninja')) },
  { apt: 'libopenblas-dev', has: () => hasCMakeConfig('OpenBLAS', ['OpenBLASConfig.cmake', 'openblas-config.cmake']) },
  { apt: 'libhwy-dev', has: () => hasCMakeConfig('hwy', ['hwy-config.cmake', 'hwyConfig.cmake']) },
  { apt: 'libgtest-dev', has: () => hasCMakeConfig('GTest', ['GTestConfig.cmake', 'gtest-config.cmake']) },
];

/** Whether CMake's find_package would find a package's configuration in the usual places. */
function hasCMakeConfig(name, files) {
  if (process.env[`${name}_DIR`] || process.env[`${name}_ROOT`]) return true;
  const prefixes = (process.env.CMAKE_PREFIX_PATH ?? '').split(path.delimiter).filter(Boolean);
  prefixes.push('/usr', '/usr/local', '/opt/homebrew', `/opt/homebrew/opt/${name.toLowerCase()}`, '/opt/local');
  for (const prefix of prefixes) {
    const folders = [`${prefix}/lib/cmake`, `${prefix}/lib64/cmake`, `${prefix}/share/cmake`];
    for (const entry of list(`${prefix}/lib`)) {
      if (entry.includes('-linux-')) folders.push(`${prefix}/lib/${entry}/cmake`);
    }
    for (const folder of folders) {
      for (const entry of list(folder)) {
        if (!entry.toLowerCase().startsWith(name.toLowerCase())) continue;
        // existsSync follows links: a configuration that goes through Debian's alternatives must really be there.
        if (files.some((file) => existsSync(`${folder}/${entry}/${file}`))) return true;
      }
    }
  }
  return false;
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export function missingPackages(needs = NEEDS) {
  if (process.platform === 'win32') {
    throw new Failure('Building evenkeel on Windows is not supported yet: use WSL with Debian or Ubuntu.');
  }
  return needs.filter((need) => !need.has()).map((need) => need.apt);
}

/** What the build's outputs depend on outside of this folder, roughly: another system means another build. */
export function systemId() {
  let release = '';
  try {
    release =
      readFileSync('/etc/os-release', 'utf8')
        .match(/^(ID|VERSION_ID)=.*$/gm)
        ?.join(' ') ?? '';
  } catch {
    // Not Linux: platform and architecture will do.
  }
  return [process.platform, process.arch, release, process.env.CC ?? '', process.env.CXX ?? ''].join('|');
}

export function checkCMakeVersion() {
  const version = ask('cmake', ['--version'])?.match(/version ((\d+)\.(\d+)\S*)/);
  if (!version) throw new Failure('cmake is on PATH, but `cmake --version` does not work.');
  const [major, minor] = [Number(version[2]), Number(version[3])];
  if (major > CMAKE_MIN[0] || (major === CMAKE_MIN[0] && minor >= CMAKE_MIN[1])) return;
  throw new Failure(
    `evenkeel needs CMake ${CMAKE_MIN.join('.')} or newer, but found ${version[1]}.\n` +
      'Debian 12 and Ubuntu 24.04 have it. Elsewhere: pipx install cmake, or https://cmake.org/download',
  );
}

function hints(needs) {
  const elsewhere = `
  Not tested:
    Fedora:  sudo dnf install gcc-c++ cmake ninja-build openblas-devel highway-devel gtest-devel
    Arch:    sudo pacman -S --needed gcc cmake ninja openblas highway gtest
    macOS:   brew install cmake ninja openblas highway googletest   (and: xcode-select --install)
`;
  return `
To install what the native code needs:

  Debian 12+, Ubuntu 24.04+:
    sudo apt-get update
    sudo apt-get install -y --no-install-recommends ${needs.map((need) => need.apt).join(' ')}
${needs === NEEDS ? elsewhere : ''}
Then run the same command again.`;
}

/** How to become root without being asked for a password nobody can type; undefined if there is no way. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  const sudo = onPath('sudo');
  if (!sudo) return undefined;
  if (ask(sudo, ['-n', 'true']) !== undefined) return [sudo, '-n'];
  // sudo asks on the terminal itself, so our keeping its output back is no trouble.
  return process.stdin.isTTY && process.stderr.isTTY ? [sudo] : undefined;
}

/** Installs the missing ones of `needs` with apt-get, or says what to do and stops. */
export async function installPackages(needs = NEEDS) {
  const missing = missingPackages(needs);
  if (missing.length === 0) return;
  const advice = hints(needs);
  const intro = `evenkeel needs system packages that are not there: ${missing.join(' ')}`;
  const apt = onPath('apt-get');
  if (!apt) throw new Failure(`${intro}\nThis system has no apt-get, so please install them by hand.\n${advice}`);
  const prefix = asRoot();
  if (!prefix) {
    throw new Failure(`${intro}\nInstalling them takes root, and there is no sudo to be used here.\n${advice}`);
  }
  process.stderr.write(`${intro}\nevenkeel: installing them with ${[...prefix.slice(0, 1), 'apt-get'].join(' ')}\n`);
  const command = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', apt, '-o', 'DPkg::Lock::Timeout=300'];
  const call = (...args) => must(command[0], [...command.slice(1), ...args], { tail: 15 });
  try {
    await step('apt-get update', () => call('update'));
    await step(`apt-get install ${missing.join(' ')}`, () =>
      call('install', '-y', '--no-install-recommends', ...missing),
    );
  } catch (error) {
    if (error instanceof Failure) error.message += `\n${advice}`;
    throw error;
  }
  const still = missingPackages(needs);
  if (still.length > 0) {
    throw new Failure(`apt-get reports success, but these are still not to be found: ${still.join(' ')}\n${advice}`);
  }
}
