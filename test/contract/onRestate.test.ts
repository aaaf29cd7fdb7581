/** What is of Restate alone: its admin interface, its cancellation, its deployments, several workers. */
import { freePorts } from '../../bench/support/restate/freePorts.js';
import { invocations } from '../../bench/support/restate/invocations.js';
import { restateEngine } from '../../src/engine/restate/RestateEngine.js';
import { CommandFailure } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { stateOf, until, Word } from '../support/longRuns.js';
import { hasRestate, restateServers } from '../support/restate/engines.js';
import { WorkerDoor } from '../support/restate/WorkerDoor.js';

if (!hasRestate()) console.warn('npm has no Restate server for this platform: left out');
(hasRestate() ? describe : describe.skip)('on Restate', () => {
  const servers = restateServers(journalFolder());

  it('needs the admin address for what reads journals, and says so; the rest works without it', async () => {
    const Command = commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'told' });
    await using _worker = await open([Command], { engine: await servers.engine() });
    const { ingressUrl } = await servers.server();
    await using client = await open([Command], { engine: restateEngine({ ingressUrl }) });
    const run = await client.start(Command, {});
    await run.notify('word', { text: 'hello' });
    expect(await run.result()).toBe('hello');
    const refused = { code: 'NOT_ON_ENGINE', message: expect.stringContaining('adminUrl') };
    await expect(client.runs()).rejects.toMatchObject(refused);
    await expect(client.history(run.id)).rejects.toMatchObject(refused);
    await expect(client.reopen(run.id)).rejects.toMatchObject(refused);
    await expect(client.fork(run.id, { seq: 1 })).rejects.toMatchObject(refused);
    await expect(client.prune({ endedBefore: new Date(), what: 'runs' })).rejects.toMatchObject(refused);
  });

  it('reopens a parent once its child was reopened, and names that before', async () => {
    let isBroken = true;
    const Child = commandOf(
      (ctx) =>
        ctx.step('charge', async () => {
          if (isBroken) throw new CommandFailure('PLAN_INFEASIBLE', 'no card');
          return 'charged';
        }),
      { name: 'reopened-child' },
    );
    const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'reopened-parent' });
    await using runner = await open([Child, Parent], { engine: await servers.engine() });
    const run = await runner.start(Parent, {});
    expect(await run.outcome()).toMatchObject({ status: 'failed' });
    const child = (await runner.runs()).find((one) => one.command === 'reopened-child')?.id ?? '';
    isBroken = false;
    await expect(runner.reopen(run.id)).rejects.toMatchObject({ code: 'NOT_ON_ENGINE', message: expect.stringContaining(child) });
    expect(await (await runner.reopen(child)).result()).toBe('charged');
    expect(await (await runner.reopen(run.id)).result()).toBe('charged');
  });

  it('takes a cancellation from Restate itself as one of the run, which undoes what it did', async () => {
    await using door = await WorkerDoor.open();
    const undone: string[] = [];
    const Command = commandOf(
      async (ctx) => {
        await ctx.step('reserve', async () => 'reserve', { undo: async (output) => void undone.push(output) });
        await ctx.waitFor('word', { schema: Word });
      },
      { name: 'cancelled-outside' },
    );
    const [port = 0] = await freePorts(1);
    door.leadTo(port);
    const engine = await servers.engine({ listen: { port, advertised: door.url }, unloadAfterMs: 20 });
    await using runner = await open([Command], { engine });
    const run = await runner.start(Command, {});
    await until(async () => (await stateOf(runner, run.id)) === 'waiting');
    const { adminUrl } = await servers.server();
    const [invocation] = await invocations(adminUrl, "target_service_name = 'cancelled-outside'");
    await fetch(`${adminUrl}/invocations/${invocation?.id}/cancel`, { method: 'PATCH' });
    expect(await run.outcome()).toMatchObject({ status: 'cancelled', error: { message: expect.stringContaining('Restate') } });
    expect(undone).toEqual(['reserve']);
  });

  it('keeps a step under way over the loss of a connection, and takes what came meanwhile', async () => {
    await using door = await WorkerDoor.open();
    const begun: string[] = [];
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const Command = commandOf(
      async (ctx) => {
        await ctx.step('long', async (call) => {
          begun.push(call.key);
          await released;
        });
        return (await ctx.waitFor('word', { schema: Word })).text;
      },
      { name: 'kept' },
    );
    const [port = 0] = await freePorts(1);
    door.leadTo(port);
    await using runner = await open([Command], { engine: await servers.engine({ listen: { port, advertised: door.url } }) });
    const run = await runner.start(Command, {});
    await until(() => begun.length === 1);
    door.cut();
    const told = run.notify('word', { text: 'meanwhile' });
    door.leadTo(port);
    await told;
    release();
    expect(await run.result()).toBe('meanwhile');
    expect(begun).toHaveLength(1);
  });

  it('takes no outcome from a worker that has lost the run to another', async () => {
    await using door = await WorkerDoor.open();
    const { promise: released, resolve: release } = Promise.withResolvers<string>();
    let bodies = 0;
    const Command = commandOf(
      async (ctx) => {
        const said = await ctx.step('say', () => {
          bodies += 1;
          return bodies === 1 ? released : Promise.resolve('the other');
        });
        await ctx.waitFor('word', { schema: Word });
        return said;
      },
      { name: 'lost' },
    );
    const worker = async () => {
      const [port = 0] = await freePorts(1);
      door.leadTo(port);
      return open([Command], { engine: await servers.engine({ listen: { port, advertised: door.url }, unloadAfterMs: 20 }) });
    };
    await using first = await worker();
    const run = await first.start(Command, {});
    await until(() => bodies === 1);
    door.cut();
    await using second = await worker();
    await until(async () => (await stateOf(second, run.id)) === 'waiting');
    release('the first');
    await run.notify('word', { text: 'on' });
    expect(await run.result()).toBe('the other');
    expect((await second.history(run.id)).records.filter(({ kind }) => kind === 'step-ended')).toHaveLength(1);
  });

  it('ends a run on the deployment that it was begun on, when another one takes the new ones', async () => {
    const version = (name: string) =>
      commandOf(async (ctx) => `${(await ctx.waitFor('word', { schema: Word })).text} by ${name}`, { name: 'pinned', version: name });
    const [Old, New] = [version('old'), version('new')];
    await using old = await open([Old], { engine: await servers.engine({ unloadAfterMs: 20 }) });
    const begun = await old.start(Old, {});
    await until(async () => (await stateOf(old, begun.id)) === 'waiting');
    await using recent = await open([New], { engine: await servers.engine({ unloadAfterMs: 20 }) });
    const later = await recent.start(New, {});
    for (const { id } of [begun, later]) await recent.notify(id, 'word', { text: 'done' });
    expect(await begun.result()).toBe('done by old');
    expect(await later.result()).toBe('done by new');
  });

  it('goes on with all runs of two workers on one port when one of them is closed in the middle', async () => {
    let done = 0;
    const Command = commandOf(
      async (ctx) => {
        for (let n = 0; n < 5; n += 1) {
          await ctx.step(`step ${n}`, async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            done += 1;
          });
        }
        return ctx.runId;
      },
      { name: 'two-workers' },
    );
    const [port = 0] = await freePorts(1);
    const shared = async () => open([Command], { engine: await servers.engine({ listen: { port, shared: true }, drainMs: 0 }) });
    const one = await shared();
    await using other = await shared();
    const runs = await Promise.all(Array.from({ length: 30 }, () => other.start(Command, {})));
    await until(() => done > 20);
    await one[Symbol.asyncDispose]();
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map(({ id }) => id));
    for (const { id } of runs.slice(0, 5)) {
      expect((await other.history(id)).records.filter(({ kind }) => kind === 'step-ended')).toHaveLength(5);
    }
  });
});
