/** Builds of the engine with one defect each, made by replacing a piece of its text. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { EngineUnderTest } from './engineUnderTest.js';

export interface Mutant {
  /** What the defect is. */
  readonly defect: string;
  /** Below `src`. */
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

const SOURCE = join(__dirname, '..', '..', 'src');

export const MUTANTS: readonly Mutant[] = [
  {
    defect: 'a signal is acknowledged before the commit',
    file: 'engine/embedded/Tracking.ts',
    text: 'await journal.committed();\n    look();',
    instead: 'look();',
  },
  {
    defect: 'effects begin before the commit',
    file: 'engine/run/Execution.ts',
    text: 'await committed(this.parts);',
    instead: ';',
  },
  {
    defect: 'a batch of outcomes is delivered in one tick',
    file: 'engine/run/Execution.ts',
    text: 'await this.turns.turn(() => this.deliver(record));',
    instead:
      'await this.turns.turn(() => { this.deliver(record); for (let more = this.deliveries.take(); more; more = this.deliveries.take()) this.deliver(more); });',
  },
  {
    defect: 'the number of attempts is lost in a crash',
    file: 'engine/run/StepRecords.ts',
    text: 'this.tried.set(identity, triedOf(record, this.tried.get(identity)));',
    instead: '',
  },
  {
    defect: 'a process that lost its lease begins effects',
    file: 'engine/run/Execution.ts',
    text: 'if (!this.parts.journal.sure) await this.parts.journal.committed();',
    instead: '',
  },
  {
    defect: 'the oldest effect is undone first',
    file: 'abstract/Compensation.ts',
    text: 'other.turn - one.turn',
    instead: 'one.turn - other.turn',
  },
  {
    defect: 'effects are undone twice',
    file: 'abstract/Compensation.ts',
    text: 'for (const effect of newestFirst) await this.undo(effect);',
    instead: 'for (const effect of newestFirst) { await this.undo(effect); effect.undone = undefined; await this.undo(effect); }',
  },
  {
    defect: 'an unknown outcome is taken for a refusal',
    file: 'engine/run/attempt.ts',
    text: "error instanceof OutcomeUnknownError ? 'unknown' : 'failed'",
    instead: "'failed'",
  },
  {
    defect: 'mail for a run that was put aside is not looked for',
    file: 'engine/embedded/Wakeups.ts',
    text: 'await this.takeUp({ mailed: true });',
    instead: '',
  },
  {
    defect: 'a timer fires again after a crash',
    file: 'engine/run/Waits.ts',
    text: "if (over) this.over.set(keyOf(over, record.step ?? ''), record);",
    instead: '',
  },
  {
    defect: 'the loser of a race is dropped at the end',
    file: 'engine/run/Execution.ts',
    text: 'if (active) await this.deliveries.arrival();',
    instead: 'if (active && !this.turns.settled) await this.deliveries.arrival();',
  },
  {
    defect: 'the intent is not recorded',
    file: 'engine/run/StepAsk.ts',
    text: 'return this.once || (this.matters && !this.shielded);',
    instead: 'return false;',
  },
  {
    defect: 'a signal is taken again when the branch that took it was recorded',
    file: 'engine/run/Facilities.ts',
    text: "for (const token of tokensOf(record)) this.waits.know('signal', token);",
    instead: '',
  },
  {
    defect: 'a branch is recorded before what it still asked for',
    file: 'engine/run/Branches.ts',
    text: 'if (this.fresh.delete(branch)) this.finish(branch).catch((error: unknown) => this.fail(branch, error));',
    instead: '',
  },
];

/** @param mutant undefined for the engine as it is. @throws Error when the text to be replaced is not there */
export async function engineWith(mutant: Mutant | undefined): Promise<EngineUnderTest> {
  const { engineUnderTest } = await builtWith<{ readonly engineUnderTest: EngineUnderTest }>(join(__dirname, 'engineUnderTest.ts'), mutant);
  return engineUnderTest;
}

/** What a file exports when it is built with a defect. @throws Error when the text to be replaced is not there */
export async function builtWith<T>(file: string, mutant: Mutant | undefined): Promise<T> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(SOURCE, 'kernel', 'built.ts')).href) },
    logLevel: 'silent',
    plugins: mutant ? [replacing(mutant)] : [],
  });
  const bundled: { exports: unknown } = { exports: {} };
  // Not imported as a module: it is a build that no file has.
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is the engine's own
  new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(bundled, bundled.exports, createRequire(__filename));
  return bundled.exports as T;
}

function replacing({ file, text, instead, defect }: Mutant): Plugin {
  const wanted = join(SOURCE, file);
  return {
    name: 'replacing',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== wanted) return undefined;
        const contents = await readFile(path, 'utf8');
        if (contents.split(text).length !== 2) throw new Error(`${file} does not have the text of "${defect}" once: ${text}`);
        return { contents: contents.replace(text, () => instead), loader: 'ts' };
      });
    },
  };
}
