import { durableRates } from '../durableRates.js';

export default {
  name: 'durable-short-runs',
  title: 'steps of ten-step runs, 64 runs at once, over records of a bare loop of digest, insert with the same index, group commit',
  unit: '/s',
  budget: 0.57, // 60,000 where the bare loop did 104,000.
  bound: 'at least',
  async measure(say) {
    const { short, bareShort } = await durableRates('many', say);
    return { value: short, limit: bareShort };
  },
};
