import { lifecycleRates } from '../lifecycleRates.js';

const LIMIT_PER_S = 100_000;

export default {
  name: 'lifecycle-rate',
  title: `the same lifecycles, over ${LIMIT_PER_S.toLocaleString('en')} in a second on one core`,
  unit: '/s',
  budget: 1,
  bound: 'at least',
  async measure(say) {
    const { ours } = await lifecycleRates(say);
    return { value: ours, limit: LIMIT_PER_S };
  },
};
