import { rmSync } from 'node:fs';
import { compareWithShell } from '../shellComparison.js';
import { usualTree } from '../usualTree.js';

export default {
  name: 'multi-analysis',
  title: 'wall time on a tree of usual size, over the same tools started in parallel by a shell',
  unit: 's',
  budget: 1.15,
  bound: 'at most',
  async measure(say) {
    const tree = usualTree();
    try {
      return await compareWithShell(tree, say);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  },
};
