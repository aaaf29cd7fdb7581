/** A Restate server that is down, dies with requests under way, and in which an operator kills and pauses runs. Times are real. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { IsString } from 'class-validator';
import { invocations } from '../../bench/support/restate/invocations.js';
import { hasRestate, RestateServer } from '../../bench/support/restate/RestateServer.js';
import { type RestateEngineOptions, restateEngine } from '../../src/engine/restate/RestateEngine.js';
import {
  type AnyCommand,
  type Class,
  type CommandContext,
  type CommandRunner,
  command,
  PlainCommand,
  runRecordMarkdown,
} from '../../src/index.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { open } from '../support/application.js';
import { until } from '../support/longRuns.js';
import { Go } from '../support/restate/clusterCommands.js';
import { LostReply } from '../support/restate/LostReply.js';
import { replayAgain } from '../support/restate/replayAgain.js';

jest.setTimeout(60_000);
const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);
const LIMIT_MS = 1500;
const SUBMITS = 40;

const isRunnable = process.env.SIXFOLD_REQUIRE_SERVICES === '1' || hasRestate();
if (!isRunnable) process.stderr.write('restateClusterDown.test.ts: skipped, npm has no Restate server for this platform.\n');
const onServer = isRunnable ? describe : describe.skip;

class Job {
  @IsString()
  name!: string;
}

/** What was done, as `JOB STEP`. */
let effects: string[] = [];

async function act(call: { readonly key: string }, name: string, step: string): Promise<string> {
  await wait(20);
  effects.push(`${name} ${step}`);
  return call.key;
}

/** Does, waits for somebody, does more. */
class Errand extends PlainCommand<Job, string> {
  async run({ name }: Job, ctx: CommandContext): Promise<string> {
    await ctx.step('book', (call) => act(call, name, 'book'), { undo: (_key, call) => act(call, name, 'unbook') });
    const { n } = await ctx.waitFor('go', { schema: Go });
    await ctx.step('leave', (call) => act(call, name, 'leave'));
    return `${name} with ${n}`;
  }
}
command({ name: 'errand', params: Job })(Errand);

class Quick extends PlainCommand<Job, string> {
  async run({ name }: Job, ctx: CommandContext): Promise<string> {
    await ctx.step('one', (call) => act(call, name, 'one'));
    await ctx.step('two', (call) => act(call, name, 'two'));
    return name;
  }
}
command({ name: 'quick', params: Job })(Quick);

class Parent extends PlainCommand<Job, string> {
  run({ name }: Job, ctx: CommandContext): Promise<string> {
    return ctx.execute(Errand, { name });
  }
}
command({ name: 'parent', params: Job })(Parent);

const COMMANDS: readonly Class<AnyCommand>[] = [Errand, Quick, Parent];

onServer('with one server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'down-'));
  let server: RestateServer;
  let worker: CommandRunner;
  /** Drives nothing. */
  let caller: CommandRunner;

  beforeAll(async () => {
    server = await RestateServer.start(folder);
    worker = await startWorker();
    caller = await open(COMMANDS, { engine: restateEngine(urls()) });
  });
  beforeEach(() => {
    effects = [];
  });
  afterAll(async () => {
    await worker?.[Symbol.asyncDispose]();
    await caller?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
    if (server) expect(existsSync(`/proc/${server.pid}`)).toBe(false);
  });

  function urls(): Pick<RestateEngineOptions, 'ingressUrl' | 'adminUrl'> {
    return { ingressUrl: server.ingressUrl, adminUrl: server.adminUrl };
  }

  function startWorker(): Promise<CommandRunner> {
    return open(COMMANDS, {
      engine: restateEngine({ ...urls(), listen: { port: 0 }, acceptUnsigned: true, unloadAfterMs: 50, drainMs: 50, graceMs: 50 }),
    });
  }

  function impatient(url = server.ingressUrl): Promise<CommandRunner> {
    return open(COMMANDS, { engine: restateEngine({ ...urls(), ingressUrl: url, requestTimeoutMs: LIMIT_MS }) });
  }

  /** By hand, as an operator does it. */
  async function operate(runId: string, what: 'kill' | 'pause' | 'cancel'): Promise<void> {
    const key = runId.slice(runId.indexOf('.') + 1);
    const [invocation] = await invocations(server.adminUrl, `target_service_key = '${key}' AND target_handler_name = 'run'`);
    const reply = await fetch(`${server.adminUrl}/invocations/${invocation?.id}/${what}`, { method: 'PATCH' });
    expect(reply.status).toBeLessThan(300);
  }

  describe('that is down', () => {
    it('fails a submit within its time, and begins one run of its key when it is back', async () => {
      await using hasty = await impatient();
      await server.kill();
      for (const submit of [
        () => hasty.start(Quick, { name: 'down' }, { key: 'down' }),
        () => hasty.execute(Quick, { name: 'down' }, { key: 'down' }),
      ]) {
        const begunAt = performance.now();
        await expect(submit()).rejects.toMatchObject({ code: 'RESTATE_UNREACHABLE', message: expect.stringContaining(server.ingressUrl) });
        const tookMs = performance.now() - begunAt;
        console.log(`a submit failed after ${Math.round(tookMs)} of ${LIMIT_MS} ms`);
        expect(tookMs).toBeGreaterThan(LIMIT_MS * 0.5);
        expect(tookMs).toBeLessThan(LIMIT_MS + 500);
      }
      await server.restart();
      const both = await Promise.all([1, 2].map(() => hasty.start(Quick, { name: 'down' }, { key: 'down' })));
      expect(both[0]?.id).toBe(both[1]?.id);
      expect(await both[0]?.result()).toBe('down');
      expect(effects).toEqual(['down one', 'down two']);
    });

    it('begins one run of a submit whose answer was lost when it died', async () => {
      await using door = await LostReply.open(server.ports.ingress, () => server.kill());
      await using hasty = await impatient(door.url);
      const submit = hasty.start(Quick, { name: 'lost' }, { key: 'lost' });
      await expect(submit).rejects.toMatchObject({ code: 'RESTATE_UNREACHABLE' });
      await door.lost;
      await server.restart();
      expect(await hasty.execute(Quick, { name: 'lost' }, { key: 'lost' })).toBe('lost');
      expect(effects).toEqual(['lost one', 'lost two']);
    });

    it('has lost and doubled nothing after it died under many submits', async () => {
      await using hasty = await impatient();
      const chance = new SeededChance(SEED);
      const names = Array.from({ length: SUBMITS }, (_, n) => `many ${n}`);
      const submits = Promise.allSettled(
        names.map((name) => wait(chance.random() * 150).then(() => hasty.start(Quick, { name }, { key: name }))),
      );
      await wait(20 + chance.random() * 100);
      await server.kill();
      const settled = await submits;
      const failed = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      for (const error of failed) expect(error).toMatchObject({ code: 'RESTATE_UNREACHABLE' });
      console.log(`seed ${SEED}: ${failed.length} of ${SUBMITS} submits failed`);
      await server.restart();
      expect(await Promise.all(names.map((name) => caller.execute(Quick, { name }, { key: name })))).toEqual(names);
      expect(new Set(effects).size).toBe(2 * SUBMITS);
      const begun = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
      const known = await invocations(server.adminUrl, "target_service_name = 'quick' AND target_handler_name = 'run'");
      const keys = known.map(({ target_service_key: key }) => `quick.${key}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const id of begun) expect(keys).toContain(id);
    });

    it('goes on with a run that was under way, and gives its outcome to whoever has waited all the time', async () => {
      const run = await caller.start(Errand, { name: 'through' }, { key: 'through' });
      const waiting = [run.result(), caller.execute(Errand, { name: 'through' }, { key: 'through' })];
      await until(() => effects.includes('through book'));
      for (let kill = 0; kill < 2; kill += 1) {
        await server.kill();
        await wait(300);
        await server.restart();
      }
      await run.notify('go', { n: 3 });
      expect(await Promise.all(waiting)).toEqual(['through with 3', 'through with 3']);
      expect(effects).toEqual(['through book', 'through leave']);
    });
  });

  it('gives the same end of every run again, as it is asked when it died between the output of a run and the end of that', async () => {
    const run = await caller.start(Errand, { name: 'again' }, { key: 'again' });
    await run.notify('go', { n: 1 });
    await run.result();
    const refused = await caller.start(Errand, { name: 'refused' });
    await until(() => effects.includes('refused book'));
    await refused.cancel('enough');
    expect(await refused.outcome()).toMatchObject({ status: 'cancelled' });
    await caller.execute(Quick, { name: 'again' });
    const ended = "completion_result = 'success' AND target_service_ty = 'workflow' AND target_handler_name = 'run'";
    const known = await invocations(server.adminUrl, ended);
    expect(known.length).toBeGreaterThanOrEqual(3);
    const url = worker.engine.serving?.url ?? '';
    expect(await Promise.all(known.map((invocation) => replayAgain(url, server.adminUrl, invocation)))).toEqual(known.map(() => undefined));
  });

  describe('in which somebody', () => {
    /** Waits for its signal. */
    async function waitingErrand(name: string) {
      const run = await caller.start(Errand, { name }, { key: name });
      await until(async () => (await caller.history(run.id)).state === 'waiting');
      return run;
    }

    it('kills a run, those who wait learn that its outcome is unknown, and it goes on when it is reopened', async () => {
      const run = await waitingErrand('killed');
      const waiting = run.outcome();
      await operate(run.id, 'kill');
      const unknown = {
        status: 'unknown',
        error: { code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('was ended in Restate ("killed")') },
      };
      expect(await waiting).toMatchObject(unknown);
      expect(await (await caller.start(Errand, { name: 'killed' }, { key: 'killed' })).outcome()).toMatchObject(unknown);
      await expect(caller.execute(Errand, { name: 'killed' }, { key: 'killed' })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await expect(caller.notify(run.id, 'go', { n: 1 })).rejects.toMatchObject({ code: 'RUN_ENDED' });
      expect(await caller.history(run.id)).toMatchObject({ state: 'unknown', endedAt: expect.any(Number), waits: [] });
      expect((await caller.runs()).find(({ id }) => id === run.id)).toMatchObject({ state: 'unknown' });
      expect(runRecordMarkdown(await caller.document(run.id))).toContain('unknown');

      const again = await caller.reopen(run.id);
      await again.notify('go', { n: 5 });
      expect(await again.result()).toBe('killed with 5');
      await expect(caller.reopen(run.id)).rejects.toMatchObject({ code: 'RUN_NOT_REOPENED' });
      expect(await run.outcome()).toMatchObject(unknown); // As it was.
      expect(await (await caller.start(Errand, { name: 'killed' }, { key: 'killed' })).result()).toBe('killed with 5');
      expect(await caller.history(run.id)).toMatchObject({ state: 'completed' });
      expect(effects).toEqual(['killed book', 'killed leave']);
    });

    it('kills a run that has a signal that it did not see, it has that when it is reopened', async () => {
      const run = await waitingErrand('told');
      await operate(run.id, 'pause');
      await until(async () => (await caller.history(run.id)).state === 'stopped');
      await run.notify('go', { n: 8 });
      await operate(run.id, 'kill');
      await until(async () => (await caller.history(run.id)).state === 'unknown');
      expect(await (await caller.reopen(run.id)).result()).toBe('told with 8');
      expect(effects).toEqual(['told book', 'told leave']);
    });

    it('kills a run that waits for another, it has the outcome of that when it is reopened', async () => {
      const parent = await caller.start(Parent, { name: 'orphan' });
      const child = async () =>
        (await caller.runs()).find(({ command: name, params }) => name === 'errand' && (params as Job).name === 'orphan');
      await until(async () => (await child())?.state === 'waiting' && (await caller.history(parent.id)).state === 'waiting');
      await operate(parent.id, 'kill');
      await until(async () => (await caller.history(parent.id)).state === 'unknown');
      const again = await caller.reopen(parent.id);
      await until(async () => (await caller.history(parent.id)).state === 'waiting');
      await caller.notify((await child())?.id ?? '', 'go', { n: 9 });
      expect(await again.result()).toBe('orphan with 9');
      expect(effects).toEqual(['orphan book', 'orphan leave']);
    });

    it('kills a run that another waits for, that one goes on when the first is reopened', async () => {
      const parent = await caller.start(Parent, { name: 'child' });
      const child = async () =>
        (await caller.runs()).find(({ command: name, params }) => name === 'errand' && (params as Job).name === 'child');
      await until(async () => (await child())?.state === 'waiting');
      const { id = '' } = (await child()) ?? {};
      await operate(id, 'kill');
      await until(async () => (await child())?.state === 'unknown');
      const again = await caller.reopen(id);
      await again.notify('go', { n: 6 });
      expect(await parent.result()).toBe('child with 6');
      expect(effects).toEqual(['child book', 'child leave']);
    });

    it('cancels a run, it undoes what it did', async () => {
      const run = await waitingErrand('cancelled');
      await operate(run.id, 'cancel');
      expect(await run.outcome()).toMatchObject({ status: 'cancelled' });
      expect(effects).toEqual(['cancelled book', 'cancelled unbook']);
    });

    it('pauses a run, it stands still with a reason until it is resumed', async () => {
      const run = await waitingErrand('paused');
      const waiting = run.outcome();
      await operate(run.id, 'pause');
      const why = expect.stringContaining('it was paused in Restate');
      await expect(waiting).rejects.toMatchObject({ code: 'RUN_HANDED_BACK', message: why });
      const stopped = { state: 'stopped', waits: [{ what: 'person', name: why }] };
      expect(await caller.history(run.id)).toMatchObject(stopped);
      expect((await caller.runs()).find(({ id }) => id === run.id)).toMatchObject(stopped);
      await run.notify('go', { n: 4 });
      const resumed = await caller.resume(run.id);
      expect(await resumed.result()).toBe('paused with 4');
      expect(effects).toEqual(['paused book', 'paused leave']);
    });

    it('pauses a run that finds no worker, it says what it failed with, and goes on when there is one', async () => {
      await worker[Symbol.asyncDispose]();
      const run = await caller.start(Quick, { name: 'worn' }, { key: 'worn' });
      await until(async () => (await caller.history(run.id)).state === 'interrupted');
      await operate(run.id, 'pause');
      await until(async () => (await caller.history(run.id)).state === 'stopped');
      expect((await caller.history(run.id)).waits).toEqual([
        { what: 'person', name: expect.stringMatching(/paused in Restate, after ".+"/) },
      ]);
      await expect(run.outcome()).rejects.toMatchObject({ code: 'RUN_HANDED_BACK', message: expect.stringContaining('paused in Restate') });
      worker = await startWorker();
      expect(await (await caller.resume(run.id)).result()).toBe('worn');
      expect(effects).toEqual(['worn one', 'worn two']);
    });
  });
});
