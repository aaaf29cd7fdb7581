/**
 * What `import 'sixfold'` adds to the start of a process that has its peers anyway. Each import happens in a fresh
 * process, with and without sixfold by turns; the time runs from the start of the process.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median } from '../figure.js';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
const ROUNDS = 31;
const LIMIT_MS = 30;

export default {
  name: 'import',
  title: `time that import 'sixfold' adds to the import of its peers, over ${LIMIT_MS} ms`,
  unit: 'ms',
  budget: 1,
  bound: 'at most',
  async measure(say) {
    const peers = requiredPeers();
    const both = [...peers, 'sixfold'];
    for (const names of [peers, both]) msUntilImported(names); // The first reads from the disk.
    const without = [];
    const together = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      without.push(msUntilImported(peers));
      together.push(msUntilImported(both));
    }
    say(`${median(together).toFixed(0)} ms with sixfold, ${median(without).toFixed(0)} ms for ${peers.join(', ')} alone`);
    return { value: median(together) - median(without), limit: LIMIT_MS };
  },
};

/** Without the optional ones, which are loaded when they are needed. */
function requiredPeers() {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
}

/** In the checkout, where `sixfold` is the package itself, by its own exports. */
function msUntilImported(names) {
  const script = `${names.map((name) => `import '${name}';`).join('')}process.stdout.write(String(performance.now()))`;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: CHECKOUT, encoding: 'utf8' }));
}
