/** A user's project beside this repository: a package of its own, TypeScript, and what npm would install for it. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliFolder, type CliResult, CliRun } from './cli.js';

const ROOT = join(__dirname, '..', '..');
const INSTALLED = ['@jest', '@types', 'class-transformer', 'class-validator', 'inversify', 'jest', 'reflect-metadata'];

/** As strict as TypeScript gets, so that nothing compiles here that a user's settings would refuse. */
const COMPILER_OPTIONS = {
  target: 'ES2024',
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  rootDir: 'src',
  outDir: 'dist',
};

export class UserProject extends CliFolder {
  constructor(manifest: object = {}) {
    super();
    this.write('package.json', JSON.stringify({ name: 'shop', type: 'module', ...manifest }));
    this.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['src'] }));
    mkdirSync(join(this.path, 'node_modules'));
    symlinkSync(ROOT, join(this.path, 'node_modules', 'sixfold'));
    for (const name of INSTALLED) symlinkSync(join(ROOT, 'node_modules', name), join(this.path, 'node_modules', name));
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.path, file)), { recursive: true });
    writeFileSync(join(this.path, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8');
  }

  /** `src` → `dist`. @throws what the compiler says */
  async compile(): Promise<void> {
    const { code, stdout, stderr } = await this.node(join(ROOT, 'node_modules', '.bin', 'tsc'), '-p', this.path);
    if (code !== 0) throw new Error(`${stdout}${stderr}`);
  }

  /** Runs Node in the project's folder. */
  node(...args: readonly string[]): Promise<CliResult> {
    // Both runners tell their children by these that they are not alone.
    const env = { ...process.env, NO_COLOR: '1', NODE_TEST_CONTEXT: undefined, JEST_WORKER_ID: undefined, NODE_OPTIONS: undefined };
    return new CliRun(spawn(process.execPath, args, { cwd: this.path, env, stdio: ['ignore', 'pipe', 'pipe'] })).result();
  }
}
