/** A process with an application on a journal that others use too. Its arguments are the file, the log of effects and options as JSON. */
import { appendFileSync } from 'node:fs';
import { IsInt } from 'class-validator';
import { silentTelemetry } from '../../src/abstract/Telemetry.js';
import { type Call, type Class, type CommandContext, command, PlainCommand } from '../../src/index.js';
import { open } from './application.js';
import { watchJournals } from './crashPoints.js';
import type { Effect, Marks, Requests } from './processesHost.js';

const [file = '', log = '', options = '{}'] = process.argv.slice(2);

class Go {
  @IsInt()
  n!: number;
}

class Job {
  @IsInt()
  n!: number;
}

/** One line that is written at once, so that those of several processes do not mix. */
function note(mark: Marks[keyof Marks]): void {
  appendFileSync(log, `${JSON.stringify({ ...mark, pid: process.pid, at: String(process.hrtime.bigint()) })}\n`);
}

/** Has an effect that takes a while, unless the caller wants it no longer. */
async function effect(step: string, call: Call, during: () => Promise<void> | void = () => undefined): Promise<string> {
  const { key } = call;
  const tell = (mark: Effect['mark']): void => note({ mark, step, key });
  tell('begin');
  await during();
  await new Promise((resolve) => setTimeout(resolve, 1));
  tell('end');
  process.send?.({ effects: 1 });
  return `${step} done`;
}

const step = (ctx: CommandContext, name: string) => ctx.step(name, (call) => effect(name, call));

function job<R>(name: string, run: (ctx: CommandContext, n: number) => Promise<R>): Class<PlainCommand<Job, R>> {
  class Written extends PlainCommand<Job, R> {
    run({ n }: Job, ctx: CommandContext): Promise<R> {
      return run(ctx, n);
    }
  }
  command({ name, params: Job })(Written);
  return Written;
}

/** Does, sleeps, waits for somebody, and does more. */
const errand = job('errand', async (ctx, n) => {
  const first = [await step(ctx, 'one'), await step(ctx, 'two')];
  await ctx.sleep(n % 50);
  const { n: given } = await ctx.waitFor('go', { schema: Go });
  return [...first, ...(await Promise.all([step(ctx, 'three'), step(ctx, 'four')])), await step(ctx, 'five'), given].join(', ');
});

/** The process stands still in the middle of the third effect of the first of them. */
const halting = job('halting', async (ctx, n) => {
  const halt = () => (n === 0 && process.argv.includes('halting') ? void process.kill(process.pid, 'SIGSTOP') : undefined);
  const before = [await step(ctx, 'one'), await step(ctx, 'two')];
  const halted = await ctx.step('three', (call) => effect('three', call, halt));
  return [...before, halted, await step(ctx, 'four'), await step(ctx, 'five')].join(', ');
});

const patient = job('patient', async (ctx) => {
  await ctx.step('book', (call) => effect('book', call), { undo: (_output, call) => effect('undo book', call) });
  const { n } = await ctx.waitFor('go', { schema: Go });
  return `${await step(ctx, 'leave')} with ${n}`;
});

/** Loaded for as long as it waits. */
const busy = job('busy', async (ctx) => {
  const working = new AbortController();
  const work = ctx.step('work', (call) => {
    return new Promise<string>((resolve, reject) => {
      note({ mark: 'begin', step: 'work', key: call.key });
      call.signal.addEventListener('abort', () => reject(call.signal.reason));
      working.signal.addEventListener('abort', () => resolve('worked'));
    });
  });
  const { n } = await ctx.waitFor('go', { schema: Go });
  working.abort();
  return `${await work} with ${n}`;
});

const sleeper = job('sleeper', async (ctx) => {
  await step(ctx, 'lie down');
  const until = ctx.now().getTime() + 1000;
  await ctx.sleep(1000);
  return ctx.step('rise', async () => Date.now() - until);
});

const COMMANDS = { errand, halting, patient, busy, sleeper } as const;

watchJournals(() => ({
  point: () => undefined,
  committed: (records) => {
    for (const { kind, run, step: identity, status } of records) {
      if (kind === 'resumed' || kind === 'step-ended') note({ mark: kind, run, step: identity, status });
    }
  },
}));

/** As a caller would: what could not be done for certain is done again. */
async function unlessHeldUp<T>(act: () => Promise<T>): Promise<T> {
  return act().catch((error: { readonly code?: string }) => (error.code === 'LEASE_LOST' ? unlessHeldUp(act) : Promise.reject(error)));
}

async function main(): Promise<void> {
  const runner = await open(Object.values(COMMANDS), { engine: { file, ...JSON.parse(options) }, telemetry: silentTelemetry });
  const requests: Requests = {
    start: async (name, n, key) =>
      (await runner.start(COMMANDS[name] as Class<PlainCommand<Job, unknown>>, { n }, key === undefined ? {} : { key })).id,
    outcome: async (id) => {
      const run = await unlessHeldUp(() => runner.resume(id));
      const outcome = await run.outcome();
      return outcome.status === 'completed' ? outcome.result : outcome.status;
    },
    notify: (id, token) => unlessHeldUp(() => runner.notify(id, 'go', { n: 7 }, { token })),
    cancel: (id) => runner.cancel(id, 'enough'),
    state: async (id) => (await runner.history(id)).state,
    close: () => runner[Symbol.asyncDispose](),
  };
  const answer = async ({ id, name, values }: { id: number; name: keyof Requests; values: never[] }): Promise<void> => {
    try {
      process.send?.({ id, answer: await (requests[name] as (...given: never[]) => Promise<unknown>)(...values) });
    } catch (error) {
      process.send?.({ id, refused: `${name}: ${String(error)}` });
    }
  };
  process.on('message', (message: Parameters<typeof answer>[0]) => void answer(message));
  process.send?.({ id: 0 });
}

main().catch((error: unknown) => {
  process.send?.({ id: 0, refused: String(error) });
});
