import { waiting } from '../manyRunsRates.js';

const LIMIT_MS = 5;

export default {
  name: 'waiting-load',
  title: `99th percentile of the time from the signal to a run among a million until its code goes on, over ${LIMIT_MS} ms`,
  unit: 'ms',
  budget: 1,
  bound: 'at most',
  nightly: true,
  async measure(say) {
    return { value: (await waiting(say)).loadP99, limit: LIMIT_MS };
  },
};
