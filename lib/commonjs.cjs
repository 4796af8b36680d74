// What module loaders get that take CommonJS alone, as Jest's does (Node's own takes the ES module): dist/ has this file beside
// each entry point. Node's require loads the ES module once for the process, and gives the instance that import gives. Jest's
// node:module is a subclass of Node's with a createRequire of its own, which refuses ES modules.
const Module = require('node:module');
const { createRequire } =
  Object.getPrototypeOf(Module).createRequire === undefined ? Module : Object.getPrototypeOf(Module);

module.exports = createRequire(__filename)('./index.js');
