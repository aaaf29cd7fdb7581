/** Three Restate nodes and two workers, with sagas in flight: nodes and workers are killed, and workers are upgraded. Times are real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from '../../bench/support/restate/freePorts.js';
import { invocations } from '../../bench/support/restate/invocations.js';
import { RestateCluster } from '../../bench/support/restate/RestateCluster.js';
import { hasRestate, type RestateServer } from '../../bench/support/restate/RestateServer.js';
import { restateEngine } from '../../src/engine/restate/RestateEngine.js';
import type { CommandRunner, Outcome, Run } from '../../src/index.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { open } from '../support/application.js';
import { bundleOf } from '../support/processBundle.js';
import { clusterCommands, STAGES } from '../support/restate/clusterCommands.js';
import { type Entry, Ledger, LedgerClient } from '../support/restate/Ledger.js';
import { unsignedStatus } from '../support/restate/unsignedStatus.js';
import { WorkerProcess, type WorkerSettings } from '../support/restate/WorkerProcess.js';

jest.setTimeout(120_000);
const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);
const RUNS = 50;
const PAUSE_MS_MAX = 300;
const GO_MS_MAX = 800;
/** Runs of each version. */
const UPGRADED = 10;
/** Far longer than what is waited for takes. */
const END_MS_MAX = 45_000;
const DEAD_MS = { min: 500, max: 2000 };

const isRunnable = process.env.SIXFOLD_REQUIRE_SERVICES === '1' || hasRestate();
if (!isRunnable) process.stderr.write('restateCluster.test.ts: skipped, npm has no Restate server for this platform.\n');
const onCluster = isRunnable ? describe : describe.skip;

const program = bundleOf('restate/workerProbe.ts');
const folder = mkdtempSync(join(tmpdir(), 'cluster-'));
const pids = new Set<number>();

onCluster('a cluster of three nodes and two workers', () => {
  const chance = new SeededChance(SEED);
  const between = (min: number, max: number): number => min + chance.random() * (max - min);
  let cluster: RestateCluster;
  let ledger: Ledger;
  /** One for each node: callers everywhere. */
  let callers: readonly CommandRunner[];
  const workers: WorkerProcess[] = [];
  const { Deliver, Quote, Pack, Unpack } = clusterCommands(new LedgerClient(''));

  beforeAll(async () => {
    [cluster, ledger] = await Promise.all([RestateCluster.start(folder, 3, { identity: true }), Ledger.open(() => chance.random())]);
    for (const { pid } of cluster.nodes) pids.add(pid);
    callers = await Promise.all(cluster.nodes.map((node) => callerOf(node)));
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  });
  afterAll(async () => {
    await Promise.all(callers?.map((caller) => caller[Symbol.asyncDispose]()) ?? []);
    await cluster?.[Symbol.asyncDispose]();
    await ledger?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
    expect([...pids].filter(isAlive)).toEqual([]);
  });

  function callerOf({ ingressUrl, adminUrl }: RestateServer, quote = Quote): Promise<CommandRunner> {
    return open([Deliver, Pack, Unpack, quote], { engine: restateEngine({ ingressUrl, adminUrl, requestTimeoutMs: 20_000 }) });
  }

  async function worker(settings: Partial<WorkerSettings> & Pick<WorkerSettings, 'port'>): Promise<WorkerProcess> {
    const { ingressUrl, adminUrl } = anyNode();
    const started = await WorkerProcess.start(program, { ingressUrl, adminUrl, ledgerUrl: ledger.url, isShared: false, ...settings });
    pids.add(started.pid);
    workers.push(started);
    for (const node of cluster.nodes) while (node.isRunning && (await latestOn(node)) !== started.serving.deployment) await wait(20);
    return started;
  }

  function caller(n: number): CommandRunner {
    return callers[n % callers.length] ?? fail();
  }

  function anyNode(): RestateServer {
    return cluster.nodes.find(({ isRunning }) => isRunning) ?? fail();
  }

  async function revive(node: RestateServer): Promise<void> {
    await node.restart();
    pids.add(node.pid);
  }

  it.each([
    { killed: 'a node', signed: false, kills: { node: true, worker: false } },
    { killed: 'a worker', signed: true, kills: { node: false, worker: true } },
    { killed: 'a node and a worker', signed: true, kills: { node: true, worker: true } },
  ])('ends all runs as planned, no effect twice and none lost, after SIGKILL for $killed', async ({ killed, signed, kills }) => {
    const [port = 0] = await freePorts(1);
    const settings = { port, isShared: true, ...(signed && { identityKeys: cluster.publicKeys }) };
    const both = [await worker(settings), await worker(settings)] as const;
    for (const path of ['/discover', '/invoke/deliver/run']) {
      expect((await unsignedStatus(both[0].serving.url, path)) === 401).toBe(signed);
    }
    await cluster.ready();
    const node = kills.node ? await cluster.leader() : undefined;
    const asked = ledger.entries.length;
    const orders = Array.from({ length: RUNS }, (_, n) => ({
      id: `${killed} ${n}`,
      fails: n % 3 === 2,
      pauseMs: Math.floor(between(0, PAUSE_MS_MAX)),
      goMs: between(0, GO_MS_MAX),
    }));
    const runs = await Promise.all(
      orders.map(({ id, fails, pauseMs }, n) => caller(n).start(Deliver, { id, fails, pauseMs }, { key: id })),
    );
    const outcomes = Promise.all(runs.map((run) => run.outcome()));
    const told = Promise.all(runs.map((run, n) => wait(orders[n]?.goMs).then(() => run.notify('go', { n: 1 }))));

    await ledger.has(asked + Math.floor(between(2 * RUNS, 7 * RUNS)));
    const moment = new Moment(ledger, orders);
    const victim = kills.worker ? both.toSorted((one, other) => moment.driven(other.pid) - moment.driven(one.pid))[0] : undefined;
    await Promise.all([node?.kill(), victim?.kill()]);
    const revived = Promise.all([
      node && wait(between(DEAD_MS.min, DEAD_MS.max)).then(() => revive(node)),
      victim && wait(between(DEAD_MS.min, DEAD_MS.max)).then(() => worker(settings)),
    ]);
    const survivor = callers[cluster.nodes.findIndex(({ isRunning }) => isRunning)] ?? fail();
    expect(await survivor.runs(RUNS)).toHaveLength(RUNS); // Also while partitions move.
    const [ended] = await inTime(Promise.all([outcomes, told, revived]));

    console.log(`seed ${SEED}: ${killed} killed${signed ? ', requests signed' : ''}: ${moment.story(victim?.pid)}`);
    for (const [n, { id, fails }] of orders.entries()) checkEffects(ledger.done(id), fails, ended[n]);
    expect(ledger.entries.filter(({ order, step, key }) => ledger.done(order).some((one) => one.step === step && one.key !== key))).toEqual(
      [],
    );
    if (victim) expect(moment.driven(victim.pid)).toBeGreaterThan(0);
    await cluster.ready();
    await checkHistories(runs);
    expect(await invocations(anyNode().adminUrl, "status <> 'completed'")).toEqual([]);
  });

  it('ends runs on the code they were begun with while a worker is upgraded, which is removed when nothing needs it any more', async () => {
    const { adminUrl } = anyNode();
    const [port = 0, nextPort = 0] = await freePorts(2);
    const old = await worker({ port });
    const begun = await Promise.all(ids('old').map((id, n) => caller(n).start(Quote, { id }, { key: id })));
    await inTime(Promise.all(ids('old').map((id) => ledger.hasDone(id, 'ask 1'))));

    const upgraded = await worker({ port: nextPort, version: '2' });
    const { Quote: NextQuote } = clusterCommands(new LedgerClient(''), '2');
    await using nextCaller = await callerOf(anyNode(), NextQuote);
    const after = await Promise.all(ids('new').map((id) => nextCaller.start(NextQuote, { id }, { key: id })));
    await inTime(Promise.all(ids('new').map((id) => ledger.hasDone(id, 'ask 2'))));
    expect(await pinnedTo(adminUrl, old)).toBe(begun.length);
    expect(await remove(adminUrl, old, false)).not.toBe(202); // Runs would be lost.

    await Promise.all([...begun, ...after].map((run) => run.notify('go', { n: 7 })));
    expect(await Promise.all(begun.map((run) => run.result()))).toEqual(begun.map(() => '7 by version 1'));
    expect(await Promise.all(after.map((run) => run.result()))).toEqual(after.map(() => '7 by version 2'));
    expect(ids('old').map((id) => ledger.done(id).map(({ step, worker: pid }) => [step, pid]))).toEqual(
      ids('old').map(() => [
        ['ask 1', old.pid],
        ['tell 1', old.pid],
      ]),
    );

    while ((await pinnedTo(adminUrl, old)) > 0) await wait(50);
    await old.close();
    expect(await remove(adminUrl, old, true)).toBe(202);
    expect(await deployments(adminUrl)).not.toContain(old.serving.deployment);
    expect(await deployments(adminUrl)).toContain(upgraded.serving.deployment);
    const again = await Promise.all(ids('old').map((id, n) => caller(n).execute(Quote, { id }, { key: id })));
    expect(again).toEqual(begun.map(() => '7 by version 1')); // Restate keeps what came out.
    expect(ids('old').map((id) => ledger.done(id).length)).toEqual(ids('old').map(() => 2));
  });

  /** @throws with what Restate says of the runs that are stuck */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const alarm = wait(END_MS_MAX, undefined, over).then(async () => {
      const open = await invocations(anyNode().adminUrl, "status <> 'completed'");
      throw new Error(
        `these are stuck:\n${open.map(({ target, status, last_failure: why = '' }) => `${target} ${status} ${why}`).join('\n')}`,
      );
    });
    return Promise.race([work, alarm]).finally(() => over.abort());
  }

  async function checkHistories(runs: readonly Run<unknown>[]): Promise<void> {
    const recorded = await Promise.all(runs.map(({ id }) => caller(0).history(id)));
    for (const { records } of recorded) {
      const succeeded = records.flatMap(({ kind, step, status }) => (kind === 'step-ended' && status === 'succeeded' ? [step] : []));
      expect(new Set(succeeded).size).toBe(succeeded.length);
      expect(records.at(-1)?.kind).toBe('ended');
    }
  }
});

const ALL = STAGES.flat();

/** Each effect happened once, in its order; the result knows their receipts; what failed is undone, newest first. */
function checkEffects(done: readonly Entry[], fails: boolean, outcome: Outcome<number[]> | undefined): void {
  const steps = done.map(({ step }) => step);
  const forward = ALL.filter((step) => !fails || step !== 'ship');
  const back = fails ? forward.map((step) => `undo ${step}`) : [];
  expect(steps.toSorted()).toEqual([...forward, ...back].toSorted());
  const stages = steps.map((step) => STAGES.findIndex((stage) => stage.includes(step.replace('undo ', ''))));
  expect(stages.slice(0, forward.length)).toEqual(stages.slice(0, forward.length).toSorted((one, other) => one - other));
  expect(stages.slice(forward.length)).toEqual(stages.slice(forward.length).toSorted((one, other) => other - one));
  const receipts = ALL.map((step) => done.find((entry) => entry.step === step)?.receipt);
  expect(outcome).toMatchObject(
    fails ? { status: 'compensated', error: { message: 'as planned' } } : { status: 'completed', result: receipts },
  );
}

/** What was going on when something was killed. */
class Moment {
  private readonly at = performance.now();
  private readonly open: readonly Entry[];

  constructor(
    private readonly ledger: Ledger,
    private readonly orders: readonly { readonly id: string }[],
  ) {
    this.open = orders.flatMap(({ id }) => {
      const last = ledger.entries.findLast(({ order }) => order === id);
      return last && !['ship', 'undo reserve'].includes(last.step) ? [last] : [];
    });
  }

  /** Runs that this process drives. */
  driven(pid: number): number {
    return this.open.filter(({ worker }) => worker === pid).length;
  }

  /**
   * How long until the runs were taken over that this process drove, or all: until their next effect. What they wait for themselves is in it, a
   * timer or a signal; those that wait for a child are left out.
   */
  story(pid?: number): string {
    const driven = this.open.filter(({ step, worker }) => step !== 'pack' && (pid ?? worker) === worker);
    const next = driven.map(
      ({ order }) => this.ledger.entries.find((entry) => entry.order === order && entry.at > this.at)?.at ?? Number.NaN,
    );
    const waits = next.map((at) => Math.round(at - this.at)).toSorted((one, other) => one - other);
    const repeated = this.ledger.entries.filter(({ at, isRepeated }) => isRepeated && at > this.at).length;
    return (
      `${this.open.length} of ${this.orders.length} runs in flight; takeover: the next effect of ${waits.length} ` +
      `${pid === undefined ? 'of them' : 'that the worker drove'} came after ${waits[0]} to ${waits.at(-1)} ms, ` +
      `of half of them within ${waits[Math.floor(waits.length / 2)]} ms; ${repeated} effects were asked for again; ` +
      `all ended in ${Math.round(performance.now() - this.at)} ms`
    );
  }
}

function ids(name: string): readonly string[] {
  return Array.from({ length: UPGRADED }, (_, n) => `${name} ${n}`);
}

async function pinnedTo(adminUrl: string, { serving }: WorkerProcess): Promise<number> {
  const where = `pinned_deployment_id = '${serving.deployment}' AND status <> 'completed'`;
  return (await invocations(adminUrl, where)).length;
}

/** @returns the HTTP status: 202 when it was removed */
async function remove(adminUrl: string, { serving }: WorkerProcess, force: boolean): Promise<number> {
  return (await fetch(`${adminUrl}/deployments/${serving.deployment}?force=${force}`, { method: 'DELETE' })).status;
}

/** Which deployment a node gives new runs to: nodes hear of a new one a moment after it was registered. */
async function latestOn({ adminUrl }: RestateServer): Promise<string | undefined> {
  const reply = await fetch(`${adminUrl}/services/quote`).catch(() => undefined); // It may be killed meanwhile.
  return ((await reply?.json().catch(() => undefined)) as { readonly deployment_id?: string } | undefined)?.deployment_id;
}

async function deployments(adminUrl: string): Promise<readonly string[]> {
  const reply = (await (await fetch(`${adminUrl}/deployments`)).json()) as { readonly deployments: readonly { readonly id: string }[] };
  return reply.deployments.map(({ id }) => id);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function fail(): never {
  throw new Error('there is none');
}
