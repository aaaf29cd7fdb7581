import { fileURLToPath } from 'node:url';
import { compareWithShell } from '../shellComparison.js';

export default {
  name: 'multi-analysis-small',
  title: 'the same on this checkout, where the half second of starting weighs more',
  unit: 's',
  budget: 1.15,
  bound: 'at most',
  measure: (say) => compareWithShell(fileURLToPath(new URL('../../', import.meta.url)), say),
};
