/** A larger source tree, of files that people wrote: this project's own and those of packages that it installs. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../', import.meta.url));
const PACKAGES = ['@inversifyjs', 'knip', 'dependency-cruiser', 'winston', 'class-transformer'];

/** A git repository of some 2,300 script files in one commit. The caller removes it. */
export function largeTree() {
  const root = mkdtempSync(join(tmpdir(), 'bench-tree-'));
  cpSync(join(CHECKOUT, 'src'), join(root, 'src'), { recursive: true });
  for (const name of PACKAGES) {
    const from = join(CHECKOUT, 'node_modules', name);
    const filter = (path) => !relative(from, path).split(sep).includes('node_modules');
    cpSync(from, join(root, 'packages', name), { recursive: true, filter });
  }
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'large-tree', version: '1.0.0', type: 'module' }));
  const git = (...args) => execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org', ...args], { cwd: root });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--no-gpg-sign', '--message', 'everything');
  return root;
}
