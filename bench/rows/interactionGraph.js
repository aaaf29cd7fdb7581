import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CONTEST = fileURLToPath(new URL('../graphContest.js', import.meta.url));

export default {
  name: 'interaction-graph',
  title: '1,000 interactions of a random graph, journaled in memory, over the same calls behind p-limit',
  unit: 'ms',
  budget: 1.1,
  bound: 'at most',
  async measure(say) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', CONTEST]);
    const { ours, theirs, plan } = JSON.parse(stdout);
    const shown = (tookMs) => `${tookMs.toFixed(1)} ms`;
    say(
      `${shown(ours)}, of which its plan takes ${shown(plan)}; p-limit ${shown(theirs)}: ${((ours / theirs - 1) * 100).toFixed(1)} % more`,
    );
    return { value: ours, limit: theirs };
  },
};
