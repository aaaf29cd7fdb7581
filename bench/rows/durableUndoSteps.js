import { durableRates } from '../durableRates.js';

export default {
  name: 'durable-undo-steps',
  title: 'the same with an undo, whose intent is recorded before each, over the same',
  unit: '/s',
  budget: 0.8,
  bound: 'at least',
  async measure(say) {
    const { undoable, appends } = await durableRates('one', say);
    return { value: undoable, limit: appends };
  },
};
