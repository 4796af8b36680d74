// require and import give one instance.
const { Tensor } = require('evenkeel');
const study = require('evenkeel/study');

Promise.all([import('evenkeel'), import('evenkeel/study'), import('./golden.mjs')]).then(
  async ([evenkeel, { criticalInit }, { byWorker, golden }]) => {
    if (evenkeel.Tensor !== Tensor || study.criticalInit !== criticalInit) throw new Error('there are two instances');
    console.log(golden(), await byWorker());
  },
);
