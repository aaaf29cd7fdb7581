#!/usr/bin/env node
// Plain enough for old versions of Node, so that they can say what is wrong.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `sixfold: needs Node 24.15 or newer, and this is ${process.versions.node}. Install a newer one, or run it with: npx --package=node@24 --package=sixfold sixfold\n`,
  );
  process.exitCode = 2;
} else {
  // One file and a cache of compiled code start in a third of the time. Where the folder cannot be written, nothing is cached.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/sixfold', import.meta.url)));
  import('../dist/cli/sixfold.js').then(
    ({ main }) => main(process.argv.slice(2)),
    (error) => {
      process.stderr.write(`sixfold: cannot be loaded (${error.message}). In a checkout, run: npm run build\n`);
      process.exitCode = 3;
    },
  );
}
