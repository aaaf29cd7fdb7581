/** Secrets are references: canary values go through every way out of a run, and must come out of none. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsObject, IsString } from 'class-validator';
import {
  type Call,
  type CommandContext,
  CommandFailure,
  command,
  environmentSecrets,
  field,
  fileSecrets,
  type Interactions,
  OrchestrationCommand,
  operation,
  PlainCommand,
  type RunEvent,
  System,
  scope,
} from '../../../src/index.js';
import { withoutSensitive } from '../../../src/kernel/sensitiveKeys.js';
import { commandOf, NoParams, open } from '../../support/application.js';
import { cutJournal, journalFolder } from '../../support/engineHarness.js';

const CANARY = 'canary-"7f3a"/ä&=value';
const folder = journalFolder();
let files = 0;

class Params {
  @field({ secret: true })
  @IsString()
  apiKey!: string;

  @IsObject()
  noise: object = {};
}

class Order {
  id!: string;
}

type Body = (value: string, ctx: CommandContext) => Promise<unknown>;
let body: Body = async () => undefined;

@command({ name: 'pay', params: Params })
class Pay extends PlainCommand<Params, unknown> {
  async run({ apiKey }: Params, ctx: CommandContext): Promise<unknown> {
    return ctx.step('charge', async (call) => {
      const value = await call.secret(apiKey);
      call.log.info(`using ${value}`, { nested: { url: `https://x/?k=${encodeURIComponent(value)}` }, password: 'hunter2', value });
      return body(value, ctx);
    });
  }
}

/** Everything that the run let out: its file, its lines, its events, its outcome, its error. */
async function everythingOf(run: Body): Promise<{ readonly text: string; readonly status: string }> {
  body = run;
  const file = join(folder, `${files++}.db`);
  const out: unknown[] = [];
  const log = (message: string, fields?: object) => void out.push(message, fields);
  const runner = await open([Pay], {
    engine: { file },
    logger: { debug: log, info: log, warn: log, error: log },
    secrets: [environmentSecrets({ STRIPE_KEY: CANARY })],
  });
  const started = await runner.start(Pay, { apiKey: 'env:STRIPE_KEY', noise: {} });
  const events: RunEvent[] = [];
  for await (const event of started.progress()) events.push(event);
  const outcome = await started.outcome();
  const error = await started.result().catch((thrown: unknown) => thrown as Error);
  const history = await runner.history(started.id);
  await runner[Symbol.asyncDispose]();
  const text =
    JSON.stringify([out, events, outcome, history]) +
    String(error) +
    (error instanceof Error ? `${error.stack} ${String(error.cause)}` : '');
  return { text: text + readFileSync(file, 'latin1') + readFileSync(file, 'utf8'), status: outcome.status };
}

const forms = [
  CANARY,
  JSON.stringify(CANARY).slice(1, -1),
  JSON.stringify(JSON.stringify(CANARY).slice(1, -1)).slice(1, -1),
  encodeURIComponent(CANARY),
];

describe('the value of a secret', () => {
  it.each<[string, Body, string]>([
    ['the result', async (value) => ({ token: value, list: [`x ${value} y`] }), 'completed'],
    ['an error', async (value) => Promise.reject(new Error(`refused ${value}`)), 'failed'],
    [
      'a nested cause',
      async (value) => Promise.reject(new Error('refused', { cause: new Error('inner', { cause: new Error(value) }) })),
      'failed',
    ],
    [
      'the details of an error',
      async (value) => Promise.reject(new CommandFailure('GATE_FAILED', 'no', { details: { sent: value } })),
      'failed',
    ],
    ['a field of an error', async (value) => Promise.reject(Object.assign(new Error('no'), { header: `Bearer ${value}` })), 'failed'],
    ['what is thrown that is no error', async (value) => Promise.reject({ value }), 'failed'],
    ['a log line', async (value, ctx) => ctx.log.warn(value, { deep: [{ value }] }), 'completed'],
  ])('does not come out by way of %s', async (_way, run, status) => {
    const everything = await everythingOf(run);
    expect(everything.status).toBe(status);
    for (const form of forms) expect(everything.text).not.toContain(form);
    expect(everything.text).toContain('[secret env:STRIPE_KEY]');
    expect(everything.text).not.toContain('hunter2');
  });
});

it('a secret that reads like a part of the journal does not break it, and does not change what a step is', async () => {
  for (const value of ['true', 'null', '1234', '"vv"', 'quantity']) {
    const file = join(folder, `${files++}.db`);
    const secrets = [environmentSecrets({ ODD: value })];
    let executed = 0;
    const Odd = commandOf(async (ctx) => {
      await ctx.step('uses it', async (call) => call.secret('env:ODD'));
      return ctx.step(`takes ${value}`, async () => {
        executed += 1;
        return { flag: true, none: null, n: 1234, v: [{ quantity: 12345 }] };
      });
    });
    const first = await open([Odd], { engine: { file }, secrets });
    const run = await first.start(Odd, {});
    expect(await run.result()).toMatchObject({ flag: true, none: null, n: 1234 });
    const records = (await first.history(run.id)).records.length;
    await first[Symbol.asyncDispose]();
    const copy = join(folder, `${files++}.db`);
    cutJournal(file, copy, records - 1);
    await using second = await open([Odd], { engine: { file: copy }, secrets });
    expect(await (await second.resume(run.id)).outcome()).toMatchObject({ status: 'completed', result: { flag: true, n: 1234 } });
    expect(executed).toBe(1);
  }
});

it('an input that holds a secret by chance is the same step before and after a restart', async () => {
  const file = join(folder, `${files++}.db`);
  const secrets = [environmentSecrets({ WORD: 'order' })];
  const executed: string[] = [];
  class Shop extends System {
    @operation({ input: Order })
    async take({ id }: Order, call: Call): Promise<void> {
      if (id === 'first') await call.secret('env:WORD');
      executed.push(id);
    }
  }
  const shop = new Shop();
  @command({ name: 'by-chance', params: NoParams })
  class ByChance extends OrchestrationCommand<NoParams, void> {
    defineOrchestrationScope() {
      return scope({ systems: { shop } });
    }
    async coordinateSystemInteractions({ systems }: Interactions<this>) {
      await systems.shop.take({ id: 'first' });
      await systems.shop.take({ id: 'order 66' });
    }
    async manageOrchestrationState() {
      return { consistent: true };
    }
    async handleOrchestrationEvents() {
      return 'ignored' as const;
    }
  }
  const first = await open([ByChance], { engine: { file }, secrets });
  const run = await first.start(ByChance, {});
  await run.result();
  const records = (await first.history(run.id)).records.length;
  await first[Symbol.asyncDispose]();
  const copy = join(folder, `${files++}.db`);
  cutJournal(file, copy, records - 1);
  await using second = await open([ByChance], { engine: { file: copy }, secrets });
  expect((await (await second.resume(run.id)).outcome()).status).toBe('completed');
  expect(executed).toEqual(['first', 'order 66']);
});

describe('a secret param', () => {
  it.each(['sk_live_51Hx', 'https://user:pass@host', ''])('that is no reference is refused, and not shown: %s', async (apiKey) => {
    await using runner = await open([Pay]);
    const error = await runner.execute(Pay, { apiKey, noise: {} }).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'PARAMS_INVALID', message: expect.stringContaining('apiKey: must be a reference to a secret') });
    if (apiKey) expect(JSON.stringify(error) + String(error)).not.toContain(apiKey);
    expect(await runner.runs()).toEqual([]);
  });

  it.each([
    ['vault:KEY', 'SECRET_NOT_FOUND', '"vault" is no provider of secrets. Use provider:name; the providers are env.'],
    ['env:MISSING', 'SECRET_NOT_FOUND', 'There is no secret env:MISSING. Set it where its provider looks.'],
    [
      'env:SHORT',
      'SECRET_TOO_SHORT',
      'The value of env:SHORT has fewer than 4 characters, so it could not be kept out of logs. Use a longer one.',
    ],
  ])('%s fails the step that uses it', async (apiKey, code, message) => {
    await using runner = await open([Pay], { secrets: [environmentSecrets({ SHORT: 'abc' })] });
    await expect(runner.execute(Pay, { apiKey, noise: {} })).rejects.toMatchObject({ code, message });
  });

  it('is asked for at every use, so that a rotated one is met, and the old value stays hidden', async () => {
    const environment = { STRIPE_KEY: 'first-value' };
    const seen: string[] = [];
    body = async (value) => {
      seen.push(value);
      return 'first-value and second-value';
    };
    await using runner = await open([Pay], { secrets: [environmentSecrets(environment)] });
    await runner.execute(Pay, { apiKey: 'env:STRIPE_KEY', noise: {} });
    environment.STRIPE_KEY = 'second-value';
    const result = await runner.execute(Pay, { apiKey: 'env:STRIPE_KEY', noise: {} });
    expect(seen).toEqual(['first-value', 'second-value']);
    expect(result).toBe('[secret env:STRIPE_KEY] and [secret env:STRIPE_KEY]');
  });
});

describe('secrets in files', () => {
  it('are read without their last line break, and no name leads out of the folder', async () => {
    const secrets = mkdtempSync(join(tmpdir(), 'secrets-'));
    writeFileSync(join(secrets, 'db-password'), 'from a file\n');
    const provider = fileSecrets(secrets);
    expect(await provider.resolve('db-password')).toBe('from a file');
    expect(await provider.resolve('none')).toBeUndefined();
    expect(await provider.resolve('../secrets')).toBeUndefined();
    expect(await provider.resolve('/etc/passwd')).toBeUndefined();
  });
});

describe('redaction by name', () => {
  it('hides what stands under sensitive names at every depth, and nothing else', () => {
    const shown = withoutSensitive({
      password: 'p',
      user: { accessToken: 't', 'set-cookie': ['c'], tokens: 512, keyboard: 'k' },
      apiKey: undefined,
    });
    expect(shown).toEqual({
      password: '[redacted]',
      user: { accessToken: '[redacted]', 'set-cookie': '[redacted]', tokens: 512, keyboard: 'k' },
      apiKey: undefined,
    });
  });

  it('cuts what is too deep or too much, cycles included', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(JSON.stringify(withoutSensitive(cycle))).toContain('[…]');
  });
});
