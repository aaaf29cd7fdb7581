import { waiting } from '../manyRunsRates.js';

const LIMIT_MB = 300;

export default {
  name: 'waiting-memory',
  title: `resident memory of a process on a journal with a million waiting runs, over ${LIMIT_MB} MB`,
  unit: 'MB',
  budget: 1,
  bound: 'at most',
  nightly: true,
  async measure(say) {
    return { value: (await waiting(say)).resident, limit: LIMIT_MB };
  },
};
