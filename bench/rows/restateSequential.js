import { restateRates } from '../restateRates.js';

export default {
  name: 'restate-sequential',
  title: 'runs of ten steps one after the other on Restate with 32 clients, over the same written against its SDK',
  unit: '/s',
  budget: 0.9,
  bound: 'at least',
  async measure(say) {
    const { sequential } = await restateRates(say);
    return { value: sequential.ours, limit: sequential.theirs };
  },
};
