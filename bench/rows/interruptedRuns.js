import { recovery } from '../manyRunsRates.js';

const LIMIT_MS = 2000;

export default {
  name: 'interrupted-runs',
  title: `a start over 10,000 interrupted runs, until all are where they were, over ${LIMIT_MS} ms`,
  unit: 'ms',
  budget: 1,
  bound: 'at most',
  async measure(say) {
    return { value: await recovery(say), limit: LIMIT_MS };
  },
};
