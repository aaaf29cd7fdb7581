import { lifecycleRates } from '../lifecycleRates.js';

export default {
  name: 'lifecycle',
  title: 'lifecycles of a trivial command in memory, over @nestjs/cqrs with its ValidationPipe on the same params class',
  unit: '/s',
  budget: 1,
  bound: 'at least',
  async measure(say) {
    const { ours, theirs } = await lifecycleRates(say);
    return { value: ours, limit: theirs };
  },
};
