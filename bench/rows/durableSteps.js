import { durableRates } from '../durableRates.js';

export default {
  name: 'durable-steps',
  title: 'durable steps of one run, one after the other, over fdatasync of a 200-byte append',
  unit: '/s',
  budget: 0.85,
  bound: 'at least',
  async measure(say) {
    const { steps, appends } = await durableRates('one', say);
    return { value: steps, limit: appends };
  },
};
