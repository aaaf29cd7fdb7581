/** What `sixfold new command` writes: a plain command with one step. */
import type { CommandNames } from './CommandNames.js';

export function plainCommand({ command, type }: CommandNames): string {
  return `import { writeFile } from 'node:fs/promises';
import { type CommandContext, command, PlainCommand } from 'sixfold';
import { ${type}Params } from './${type}Params.js';

export interface ${type}Result {
  file: string;
  lines: number;
}

@command({
  name: '${command}',
  params: ${type}Params,
  description: 'Write a text to a file.',
})
export class ${type} extends PlainCommand<${type}Params, ${type}Result> {
  /** Runs again from its start when an interrupted run is resumed, so what waits or has an effect stands in a step. */
  async run(params: ${type}Params, ctx: CommandContext): Promise<${type}Result> {
    const text = \`\${params.text}\\n\`.repeat(params.lines);
    // Once recorded, a step is not done again. Before that a crash may repeat it, so it is written to be safe to repeat.
    await ctx.step('write', ({ signal }) => writeFile(params.file, text, { signal }));
    return { file: params.file, lines: params.lines };
  }
}
`;
}

export function plainParams({ command, type }: CommandNames): string {
  return `import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';
import { type Default, field } from 'sixfold';

/** What \`sixfold run ${command}\` takes: an argument or a flag for each field, checked by its rules. */
export class ${type}Params {
  @field({ description: 'file to write', positional: 0 })
  @IsString()
  @IsNotEmpty()
  file!: string;

  @field({ description: 'text of a line', short: 't' })
  @IsString()
  text: Default<string> = 'Hello.';

  @field({ description: 'how many lines' })
  @IsInt()
  @Min(1)
  @Max(1000)
  lines: Default<number> = 1;
}
`;
}

export function plainTest({ command, type }: CommandNames, testImport: string): string {
  return `import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
${testImport}
import { Container } from 'inversify';
import { embeddedEngine, sixfoldModule, startSixfold } from 'sixfold';
import { ${type} } from './${type}.js';

/** A runner with a journal in memory, and a file in a folder of its own. */
async function open() {
  const folder = await mkdtemp(join(tmpdir(), '${command}-'));
  const container = new Container();
  container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [${type}] }));
  const runner = await startSixfold(container);
  return {
    runner,
    file: join(folder, 'out.txt'),
    async [Symbol.asyncDispose]() {
      await runner[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test('${command} writes as many lines as it is asked for', async () => {
  await using opened = await open();
  const { runner, file } = opened;
  const result = await runner.execute(${type}, { file, text: 'on its way', lines: 2 });
  assert.deepEqual(result, { file, lines: 2 });
  assert.equal(await readFile(file, 'utf8'), 'on its way\\non its way\\n');
});

test('${command} does its step once for a key, however often it is asked', async () => {
  await using opened = await open();
  const { runner, file } = opened;
  await runner.execute(${type}, { file }, { key: 'first' });
  await rm(file);
  await runner.execute(${type}, { file }, { key: 'first' });
  assert.equal(existsSync(file), false);
});

test('${command} refuses params that break a rule before anything happens', async () => {
  await using opened = await open();
  const { runner, file } = opened;
  await assert.rejects(runner.execute(${type}, { file, lines: 0 }), { code: 'PARAMS_INVALID' });
  assert.equal(existsSync(file), false);
});
`;
}
