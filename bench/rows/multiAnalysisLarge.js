import { rmSync } from 'node:fs';
import { largeTree } from '../largeTree.js';
import { compareWithShell } from '../shellComparison.js';

export default {
  name: 'multi-analysis-large',
  title: 'the same on 2,300 files with thousands of findings, where reading and writing them weighs more',
  unit: 's',
  budget: 1.15,
  bound: 'at most',
  async measure(say) {
    const tree = largeTree();
    try {
      return await compareWithShell(tree, say);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  },
};
