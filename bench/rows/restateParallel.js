import { restateRates } from '../restateRates.js';

export default {
  name: 'restate-parallel',
  title: 'runs of ten steps side by side on Restate with 32 clients, over the same written against its SDK',
  unit: '/s',
  budget: 0.9,
  bound: 'at least',
  async measure(say) {
    const { parallel } = await restateRates(say);
    return { value: parallel.ours, limit: parallel.theirs };
  },
};
