import { durableRates } from '../durableRates.js';

export default {
  name: 'durable-long-runs',
  title: 'steps of long runs, 64 at once, over the same',
  unit: '/s',
  budget: 0.65, // 40,000 where the bare loop did 61,000.
  bound: 'at least',
  async measure(say) {
    const { long, bareLong } = await durableRates('many', say);
    return { value: long, limit: bareLong };
  },
};
