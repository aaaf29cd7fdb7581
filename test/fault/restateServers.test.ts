/** The Restate servers that tests stand on: started, killed, restarted, in a cluster, and with requests that are signed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type Context, object, service, type WorkflowContext, type WorkflowSharedContext, workflow } from '@restatedev/restate-sdk';
import { invocations } from '../../bench/support/restate/invocations.js';
import { RestateCluster } from '../../bench/support/restate/RestateCluster.js';
import { hasRestate, RestateServer } from '../../bench/support/restate/RestateServer.js';
import { makeIdentity } from '../../bench/support/restate/requestIdentity.js';
import { bundleOf } from '../support/processBundle.js';
import { RawWorker } from '../support/restate/RawWorker.js';

jest.setTimeout(60_000);
const START_MS_MAX = 5000;
const RUNS = 20;
const STEPS = 10;
const STEP_MS = 50;
const TAKEOVER_MS_MAX = 20_000;

const isRunnable = process.env.SIXFOLD_REQUIRE_SERVICES === '1' || hasRestate();
if (!isRunnable) process.stderr.write('restateServers.test.ts: skipped, npm has no Restate server for this platform.\n');
const serving = isRunnable ? it : it.skip;

const folder = mkdtempSync(join(tmpdir(), 'restate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function post(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Remembers how often its code began. */
class Waiter {
  begun = 0;
  readonly services = [
    workflow({
      name: 'Waiter',
      handlers: {
        run: async (context: WorkflowContext) => {
          this.begun += 1;
          const first = await context.run('first', () => 'first');
          const second = await context.run('second', () => 'second');
          return [first, second, await context.promise<string>('third')];
        },
        tell: async (context: WorkflowSharedContext, word: string) => {
          await context.promise<string>('third').resolve(word);
          return word;
        },
      },
    }),
  ];
}

describe('a server', () => {
  serving('is up in seconds, and goes on where it was after a kill, on the same ports', async () => {
    const begunAt = performance.now();
    await using server = await RestateServer.start(join(folder, 'alone'));
    expect(performance.now() - begunAt).toBeLessThan(START_MS_MAX);
    const waiter = new Waiter();
    await using worker = await RawWorker.serve(waiter.services);
    expect((await worker.register(server.adminUrl)).status).toBe(201);
    const { invocationId: id } = (await post(`${server.ingressUrl}/Waiter/one/run/send`, null)) as { invocationId: string };

    const { pid } = server;
    await server.kill();
    expect(server.isRunning).toBe(false);
    await expect(fetch(server.adminUrl)).rejects.toThrow('fetch failed');
    await server.restart();
    expect(server.pid).not.toBe(pid);

    expect(await invocations(server.adminUrl, `id = '${id}'`)).toMatchObject([{ id, target: 'Waiter/one/run' }]);
    await post(`${server.ingressUrl}/Waiter/one/tell`, 'third');
    const result = await fetch(`${server.ingressUrl}/restate/workflow/Waiter/one/attach`);
    expect(await result.json()).toEqual(['first', 'second', 'third']);
    const ended = await invocations(server.adminUrl, "status = 'completed' AND target_handler_name = 'run'");
    expect(ended).toMatchObject([{ id, completion_result: 'success' }]);
  });

  serving('replays at every await when told to', async () => {
    await using server = await RestateServer.start(join(folder, 'replaying'), { forceReplay: true });
    const waiter = new Waiter();
    await using worker = await RawWorker.serve(waiter.services);
    await worker.register(server.adminUrl);
    const running = post(`${server.ingressUrl}/Waiter/one/run`, null);
    await post(`${server.ingressUrl}/Waiter/one/tell`, 'third');
    expect(await running).toEqual(['first', 'second', 'third']);
    expect(waiter.begun).toBeGreaterThanOrEqual(3);
  });

  serving('that ends instead of starting says why', async () => {
    const start = RestateServer.start(join(folder, 'wrong'), { settings: { RESTATE_ROLES: '["juggler"]' } });
    await expect(start).rejects.toThrow(/the Restate server ended: .*juggler/s);
  });

  serving('signs what it asks of workers, who refuse everybody else', async () => {
    await using server = await RestateServer.start(join(folder, 'signing'), { identity: true });
    const echo = object({ name: 'Echo', handlers: { say: async (_context: unknown, word: string) => word } });
    await using worker = await RawWorker.serve([echo], [server.publicKey]);
    expect((await worker.register(server.adminUrl)).status).toBe(201);
    expect(await post(`${server.ingressUrl}/Echo/a/say`, 'hello')).toBe('hello');
    expect(await statusOf(worker.url, '/discover')).toBe(401);
    expect(await statusOf(worker.url, '/invoke/Echo/say')).toBe(401);

    await using strange = await RawWorker.serve([echo], [makeIdentity(join(folder, 'other.pem'))]);
    expect(await (await strange.register(server.adminUrl)).text()).toContain('401');
  });
});

/** Of an unsigned request. */
async function statusOf(url: string, path: string): Promise<unknown> {
  const session = connect(url);
  try {
    const request = session.request({ ':path': path, accept: 'application/vnd.restate.endpointmanifest.v3+json' });
    const [headers] = (await once(request.end(), 'response')) as [Record<string, unknown>];
    return headers[':status'];
  } finally {
    session.destroy();
  }
}

const serverProbe = bundleOf('restate/serverProbe.ts');

describe('a server does not outlive', () => {
  async function startedByAnother(name: string): Promise<{ readonly starter: ChildProcess; readonly adminUrl: string }> {
    const env = { ...serverProbe.env, NODE_PATH: resolve('node_modules') };
    const starter = spawn(process.execPath, [serverProbe.file, join(folder, name)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [adminUrl] = (await once(createInterface(starter.stdout), 'line')) as [string];
    return { starter, adminUrl };
  }

  function answers(adminUrl: string): Promise<boolean> {
    return fetch(`${adminUrl}/health`).then(
      () => true,
      () => false,
    );
  }

  serving.each<NodeJS.Signals>(['SIGKILL', 'SIGTERM'])('the process that started it and ends by %s', async (signal) => {
    const { starter, adminUrl } = await startedByAnother(signal);
    expect(await answers(adminUrl)).toBe(true);
    starter.kill(signal);
    const endBy = performance.now() + 5000;
    while ((await answers(adminUrl)) && performance.now() < endBy) await wait(10);
    expect(await answers(adminUrl)).toBe(false);
  });
});

describe('a cluster of three', () => {
  serving('ends every invocation right when its leading node is killed, and takes the node back', async () => {
    await using cluster = await RestateCluster.start(join(folder, 'cluster'), 3, { identity: true });
    const stepsAt = new Map<number, number[]>();
    const steps = service({
      name: 'Steps',
      handlers: {
        go: async (context: Context, run: number) => {
          const taken: number[] = [];
          for (let step = 0; step < STEPS; step += 1) taken.push(await context.run(`step ${step}`, () => take(run, step)));
          return taken;
        },
      },
    });
    async function take(run: number, step: number): Promise<number> {
      await wait(STEP_MS);
      stepsAt.set(run, [...(stepsAt.get(run) ?? []), performance.now()]);
      return run * 1000 + step;
    }
    await using worker = await RawWorker.serve([steps], cluster.publicKeys);
    const leader = await cluster.leader();
    const [other] = cluster.nodes.filter((node) => node !== leader);
    if (!other) throw new Error('the cluster has one node');
    expect((await worker.register(other.adminUrl)).status).toBe(201);
    await cluster.ready();

    const sends = Array.from({ length: RUNS }, (_, run) => post(`${other.ingressUrl}/Steps/go/send`, run));
    const ids = (await Promise.all(sends)).map((sent) => (sent as { invocationId: string }).invocationId);
    await wait((STEPS * STEP_MS) / 3);
    await leader.kill();
    const killedAt = performance.now();
    const results = await Promise.all(ids.map(async (id) => (await fetch(`${other.ingressUrl}/restate/invocation/${id}/attach`)).json()));
    const expected = Array.from({ length: RUNS }, (_, run) => Array.from({ length: STEPS }, (__, step) => run * 1000 + step));
    expect(results).toEqual(expected);

    const pauses = [...stepsAt.values()].map((times) => {
      const after = times.filter((time) => time > killedAt + STEP_MS);
      return Math.min(...after) - killedAt;
    });
    const takeoverMs = Math.max(...pauses.filter(Number.isFinite));
    console.log(`restateServers: ${RUNS} invocations, the last went on ${Math.round(takeoverMs)} ms after its node was killed`);
    expect(takeoverMs).toBeLessThan(TAKEOVER_MS_MAX);

    await leader.restart();
    await cluster.ready();
    expect(await invocations(leader.adminUrl, "status <> 'completed'")).toEqual([]);
    expect(await invocations(leader.adminUrl)).toHaveLength(RUNS);
  });
});
