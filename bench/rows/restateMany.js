import { restateRates } from '../restateRates.js';

export default {
  name: 'restate-many',
  title: 'runs per second of 500 steps side by side on Restate, one run at a time, over the same written against its SDK',
  unit: '/s',
  budget: 0.8,
  bound: 'at least',
  async measure(say) {
    const { many } = await restateRates(say);
    return { value: 1000 / many.ours, limit: 1000 / many.theirs };
  },
};
