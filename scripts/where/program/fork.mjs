// A child process with a channel to its parent; the parent has evenkeel loaded, too.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { byWorker, golden } from './golden.mjs';

if (process.send === undefined) {
  const child = fork(fileURLToPath(import.meta.url));
  const hash = await new Promise((resolve) => child.once('message', resolve));
  if (hash !== golden()) throw new Error(`the child says ${hash}`);
  console.log(golden(), await byWorker());
} else {
  process.send(golden());
}
