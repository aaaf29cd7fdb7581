/** Programs of the tests as one file each, which starts in a tenth of a second. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

export interface Bundle {
  readonly file: string;
  /** For the processes that run it. The first that comes to its end keeps the compiled code for the others. */
  readonly env: NodeJS.ProcessEnv;
}

/** Bundles a program of this folder with the packages it uses; removed when the test file is done. Not inside a test. */
export function bundleOf(program: string): Bundle {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const file = join(folder, 'program.cjs');
  buildSync({
    entryPoints: [join(__dirname, program)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    keepNames: true,
    outfile: file,
    external: ['winston', '@opentelemetry/api'], // Not asked for.
    alias: { 'libphonenumber-js/max': 'node:path' }, // No program asks for a telephone number, and it is a third of the file.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(__dirname, '..', '..', 'src', 'kernel', 'bundle.js'))) },
    logLevel: 'warning',
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { file, env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') } };
}
