import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../index.js';

const IMPORTS = {
  jest: "import { test } from '@jest/globals';",
  vitest: "import { test } from 'vitest';",
  'node:test': "import { test } from 'node:test';",
} as const;

export type TestRunner = keyof typeof IMPORTS;

interface Manifest {
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

/** What the nearest package.json at or above a folder has to run tests with; the one of Node where it names none. */
export function testRunnerOf(folder: string): TestRunner {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return dirname(folder) === folder ? 'node:test' : testRunnerOf(dirname(folder));
  const { dependencies, devDependencies } = read(manifest);
  const installed = { ...dependencies, ...devDependencies };
  if ('jest' in installed) return 'jest';
  return 'vitest' in installed ? 'vitest' : 'node:test';
}

/** The line that gives a test file its `test`. */
export function testImportOf(runner: TestRunner): string {
  return IMPORTS[runner];
}

function read(manifest: string): Manifest {
  try {
    return JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
  } catch (cause) {
    throw new UsageError('SCAFFOLD_NOT_WRITTEN', `${manifest} is not JSON, so its test runner is not known. Correct it.`, { cause });
  }
}
