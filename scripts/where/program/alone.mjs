import { byWorker, golden } from './golden.mjs';

byWorker().then((worker) => console.log(golden(), worker));
