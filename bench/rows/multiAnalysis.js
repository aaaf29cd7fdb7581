import { fileURLToPath } from 'node:url';
import { compareWithShell } from '../shellComparison.js';

export default {
  name: 'multi-analysis',
  title: 'wall time on this checkout, over the same tools started in parallel by a shell',
  unit: 's',
  budget: 1.15,
  bound: 'at most',
  measure: (say) => compareWithShell(fileURLToPath(new URL('../../', import.meta.url)), say),
};
