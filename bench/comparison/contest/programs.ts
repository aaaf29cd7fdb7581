/** The programs of the contest as files that Node runs. Their packages stay where they are installed: that of DBOS cannot be bundled. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** @param folder where the file comes; not removed */
export function programOf(implementation: 'dbos' | 'restate', folder: string): { readonly file: string; readonly env: NodeJS.ProcessEnv } {
  const file = join(folder, `${implementation}.cjs`);
  buildSync({
    entryPoints: [join(__dirname, '..', implementation, 'program.ts')],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    outfile: file,
    logLevel: 'warning',
  });
  return { file, env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') } };
}
