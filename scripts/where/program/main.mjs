import { criticalInit } from 'evenkeel/study';
import { byWorker, golden } from './golden.mjs';

byWorker().then((worker) => console.log(golden(), worker, criticalInit('tanh', { sigmaB: 0.2 }).sigmaW.toFixed(3)));
