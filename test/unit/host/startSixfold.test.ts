import { join } from 'node:path';
import { IsInt, IsOptional } from 'class-validator';
import { Container, inject } from 'inversify';
import type { CommandContext } from '../../../src/index.js';
import {
  type Call,
  CommandRunner,
  command,
  embeddedEngine,
  PlainCommand,
  type SixfoldOptions,
  sixfoldModule,
  startSixfold,
} from '../../../src/index.js';
import { journalFolder, silent } from '../../support/engineHarness.js';

class Params {
  @IsOptional()
  @IsInt()
  n?: number;
}

class Gate {
  open = true;
  readonly passed: string[] = [];
}

@command({ name: 'walk', params: Params })
class Walk extends PlainCommand<Params, readonly string[]> {
  constructor(@inject(Gate) private readonly gate: Gate) {
    super();
  }

  async run(_params: Params, ctx: CommandContext): Promise<readonly string[]> {
    for (const name of ['first', 'second', 'third']) await ctx.step(name, (call) => this.pass(name, call));
    return this.gate.passed;
  }

  private async pass(name: string, call: Call): Promise<void> {
    if (name === 'second' && !this.gate.open) {
      await new Promise((_resolve, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)));
    }
    this.gate.passed.push(name);
  }
}

const folder = journalFolder();
let files = 0;

async function application(file: string, options: Partial<SixfoldOptions> = {}) {
  const container = new Container();
  container.bind(Gate).toSelf().inSingletonScope();
  container.load(
    sixfoldModule({ engine: embeddedEngine({ file, drainMs: 10, graceMs: 50 }), commands: [Walk], logger: silent, ...options }),
  );
  return { container, gate: container.get(Gate) };
}

describe('startSixfold', () => {
  it('resumes what an earlier process left, without doing recorded steps again', async () => {
    const file = join(folder, `${files++}.db`);
    const first = await application(file);
    first.gate.open = false;
    const runner = await startSixfold(first.container);
    const { id } = await runner.start(Walk, {});
    while (first.gate.passed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await runner[Symbol.asyncDispose]();

    const second = await application(file);
    await using resumed = await startSixfold(second.container);
    expect(await (await resumed.resume(id)).result()).toEqual(['second', 'third']);
    expect(second.gate.passed).toEqual(['second', 'third']);
  });

  it('leaves interrupted runs alone when told so', async () => {
    const file = join(folder, `${files++}.db`);
    const first = await application(file);
    first.gate.open = false;
    const runner = await startSixfold(first.container);
    await runner.start(Walk, {});
    await runner[Symbol.asyncDispose]();

    const second = await application(file);
    await using other = await startSixfold(second.container, { resume: false });
    expect(await other.runs()).toMatchObject([{ state: 'interrupted' }]);
    expect(second.gate.passed).toEqual([]);
  });

  it('leaves a run whose command it does not have to whoever has it', async () => {
    const file = join(folder, `${files++}.db`);
    const first = await application(file);
    first.gate.open = false;
    const runner = await startSixfold(first.container);
    const { id } = await runner.start(Walk, {});
    await runner[Symbol.asyncDispose]();

    const { container } = await application(file, { commands: [] });
    const without = await startSixfold(container);
    expect(await without.runs()).toMatchObject([{ id, state: 'interrupted' }]);
    await expect(without.resume(id)).rejects.toMatchObject({ code: 'COMMAND_UNKNOWN' });
    await without[Symbol.asyncDispose]();

    await using third = await startSixfold((await application(file)).container);
    expect(await (await third.resume(id)).result()).toEqual(['second', 'third']);
  });

  it('binds the runner to the container, and refuses one without the module', async () => {
    const { container } = await application(':memory:');
    await using runner = await startSixfold(container);
    expect(container.get(CommandRunner)).toBe(runner);
    await expect(startSixfold(new Container())).rejects.toMatchObject({ code: 'SIXFOLD_NOT_LOADED' });
    const twice = (await application(':memory:')).container;
    twice.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [] }));
    await expect(startSixfold(twice)).rejects.toMatchObject({ code: 'SIXFOLD_LOADED_TWICE' });
  });

  it('resolves a fresh instance for every run from its own container, also beside a child container', async () => {
    const { container, gate } = await application(':memory:');
    const child = new Container({ parent: container });
    child.bind(Gate).toConstantValue(new Gate());
    await using _runner = await startSixfold(container);
    await child.get(CommandRunner).execute(Walk, {});
    expect(gate.passed).toHaveLength(3);
  });

  it('cancels the run when the signal of its caller aborts, and leaves no listener on it', async () => {
    const { container, gate } = await application(':memory:');
    gate.open = false;
    await using runner = await startSixfold(container);
    const controller = new AbortController();
    const run = await runner.start(Walk, {}, { signal: controller.signal });
    controller.abort('closing time');
    expect(await run.outcome()).toMatchObject({
      status: 'cancelled',
      error: { code: 'RUN_CANCELLED', message: 'The run was cancelled: closing time.' },
    });
    await expect(run.result()).rejects.toThrow('closing time');
  });

  it('refuses a command that is not registered, and a plan of one that coordinates nothing', async () => {
    class Stranger extends PlainCommand<Params, void> {
      async run(): Promise<void> {}
    }
    const { container } = await application(':memory:');
    await using runner = await startSixfold(container);
    await expect(runner.start(Stranger, {})).rejects.toMatchObject({
      code: 'COMMAND_UNKNOWN',
      message: expect.stringContaining('Stranger is not registered'),
    });
    await expect(runner.plan(Walk, {})).rejects.toMatchObject({ code: 'COMMAND_NOT_PLANNED' });
  });
});
