// npm run setup, and the first thing that npm start and npm test do: brings a fresh checkout to where it can be run, and
// does nothing when all is there. Needs no packages, since it is what installs them.
const MIN = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < MIN[0] || (major === MIN[0] && minor < MIN[1])) {
  console.error(`evenkeel needs Node.js ${MIN.join('.')} or newer, but this is ${process.versions.node}.`);
  console.error('See https://nodejs.org/en/download, or use a version manager: fnm install 22');
  process.exit(1);
}

// Only now: an older Node.js might not even parse the rest.
const { main, step } = await import('./lib/run.mjs');
const { withLock } = await import('./lib/lock.mjs');
const { checkCMakeVersion, installPackages, missingPackages } = await import('./lib/system.mjs');
const { native, packages, ts } = await import('./lib/targets.mjs');

const pending = () => [packages, native, ts].filter((target) => !target.isFresh());

await main(async () => {
  if (missingPackages().length === 0 && pending().length === 0) return;
  await withLock(async () => {
    // Looked at again: another set-up may have done it while this one waited.
    await installPackages();
    const targets = pending();
    if (targets.includes(native)) checkCMakeVersion();
    for (const target of targets) await step(target.name, () => target.build());
  });
});
