/** `sixfold worker` as an operator uses it: real processes, on a Restate server and on a journal. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hasRestate, RestateServer } from '../../bench/support/restate/RestateServer.js';
import type { CliResult, CliRun } from '../support/cli.js';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(60_000);

const isRunnable = process.env.SIXFOLD_REQUIRE_SERVICES === '1' || hasRestate();
if (!isRunnable) process.stderr.write('worker.test.ts: not on Restate, npm has no Restate server for this platform.\n');
const onRestate = isRunnable ? it : it.skip;

/** `bake` kneads until the file `done` is there, and then once more; `order` waits for a word. */
const APPLICATION = `
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { IsBoolean } from 'class-validator';
import { Container } from 'inversify';
import { command, embeddedEngine, PlainCommand, sixfoldModule } from 'sixfold';

class NoParams {}

class Bake extends PlainCommand {
  async run(_params, ctx) {
    await ctx.step('weigh', async () => 500);
    const first = await ctx.step('knead', async () => {
      writeFileSync('kneading', String(process.pid));
      while (!existsSync('done')) await wait(20);
      return process.pid;
    });
    return { first, second: await ctx.step('bake', async () => process.pid) };
  }
}
command({ name: 'bake', version: '7', params: NoParams })(Bake);

class Word {}
IsBoolean()(Word.prototype, 'granted');

class Order extends PlainCommand {
  async run(_params, ctx) {
    return { ...(await ctx.waitFor('word', { schema: Word })) };
  }
}
command({ name: 'order', params: NoParams })(Order);

export default () => {
  const container = new Container();
  container.load(sixfoldModule({ engine: embeddedEngine({ file: 'bakery.db' }), commands: [Bake, Order] }));
  return container;
};
`;

const ROOT = join(__dirname, '..', '..');
const PEERS = ['inversify', 'reflect-metadata', 'class-validator', 'class-transformer'];

/** Installs the package as npm does for somebody who has not installed the SDK of Restate. */
function installWithoutSdk({ path }: UserProject): void {
  const installed = join(path, 'node_modules');
  rmSync(installed, { recursive: true });
  for (const part of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, part), join(installed, 'sixfold', part), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly dependencies: object };
  for (const name of [...PEERS, ...Object.keys(dependencies)]) {
    mkdirSync(dirname(join(installed, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(installed, name));
  }
}

let server: RestateServer;
const servers = new UserProject();
beforeAll(async () => {
  if (isRunnable) server = await RestateServer.start(join(servers.path, 'restate'));
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  servers[Symbol.dispose]();
});

let project: UserProject;
const running: CliRun[] = [];
beforeEach(() => {
  project = new UserProject();
  project.write('app.js', APPLICATION);
});
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.kill('SIGKILL');
    await one.result();
  }
  project[Symbol.dispose]();
  for (const name of Object.keys(process.env))
    if (name.startsWith('SIXFOLD_RESTATE') || name === 'SIXFOLD_ENGINE') delete process.env[name];
});

function start(...args: readonly string[]): CliRun {
  const run = project.start(['--app', 'app.js', ...args]);
  running.push(run);
  return run;
}

const sixfold = (...args: readonly string[]): Promise<CliResult> => start(...args).result();

/** The commands that follow are about the server, as an operator's shell says it. */
function useRestate(): void {
  process.env.SIXFOLD_ENGINE = 'restate';
  process.env.SIXFOLD_RESTATE_INGRESS = server.ingressUrl;
  process.env.SIXFOLD_RESTATE_ADMIN = server.adminUrl;
}

async function kneading(): Promise<void> {
  while (!existsSync(join(project.path, 'kneading'))) await wait(20);
}

async function serving(...args: readonly string[]): Promise<CliRun> {
  const worker = start('worker', ...args);
  await worker.says('Worker on the engine');
  return worker;
}

/** Leaves a run in the journal whose process was killed in the middle of a step. */
async function killedBaking(): Promise<void> {
  const first = start('run', 'bake');
  await kneading();
  first.kill('SIGKILL');
  await first.result();
}

function letItBeDone(): void {
  writeFileSync(join(project.path, 'done'), '');
}

interface Baked {
  readonly first: number;
  readonly second: number;
}

describe('sixfold worker --engine restate', () => {
  onRestate('says where it listens and what it serves, and ends runs that other processes begin', async () => {
    useRestate();
    expect((await sixfold('run', 'bake')).stderr).toContain('it knows no worker with this command');
    const worker = await serving('--listen', '0', '--accept-unsigned');
    letItBeDone();
    const { code, stdout } = await sixfold('run', 'bake');
    const { first, second } = JSON.parse(stdout) as Baked;
    expect({ code, here: first === second }).toEqual({ code: 0, here: true });

    worker.kill('SIGTERM');
    const { code: ended, stderr } = await worker.result();
    expect(ended).toBe(0);
    expect(stderr).toMatch(
      new RegExp(
        [
          'Worker on the engine restate, with bake \\(version 7\\), order \\(version 1\\)\\.',
          'Listens for Restate at http://127\\.0\\.0\\.1:\\d+\\.',
          'Restate knows it as deployment dp_\\w+\\.',
          '\\S+Z bake bake\\.\\S+ begins',
          '\\S+Z bake bake\\.\\S+ completed',
          'Stopping; nothing more is taken\\. Nothing is under way\\. .*',
          'Stopped\\. Nothing was left unfinished here\\.',
        ].join('\\n'),
      ),
    );
  });

  onRestate('ends the step that is under way when it is told to stop, and leaves the rest to the next one', async () => {
    useRestate();
    const worker = await serving('--listen', '0', '--accept-unsigned');
    const run = start('run', 'bake');
    await worker.says('begins');
    await kneading();
    worker.kill('SIGTERM');
    await worker.says('Steps of 1 run are waited for');
    letItBeDone();
    const { code, stderr } = await worker.result();
    expect(code).toBe(0);
    expect(stderr).toMatch(/Another worker with the same code goes on with 1 run: bake\.\S+\.\n$/);

    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(stderr) ?? [];
    const next = await serving('--listen', port, '--accept-unsigned');
    const { first, second } = JSON.parse((await run.result()).stdout) as Baked;
    expect(first).not.toBe(second);
    await next.says('goes on');
    expect(project.read('kneading')).toBe(String(first)); // It was not kneaded twice.
  });

  onRestate('leaves a run that waits to others, who find it and give it what it waits for', async () => {
    useRestate();
    const worker = await serving('--listen', '0', '--accept-unsigned');
    const { code, stderr } = await sixfold('run', 'order');
    expect(code).toBe(4);
    const [id = ''] = /order\.\S+/.exec(stderr) ?? [];
    expect(stderr).toContain('waits for the signal word');
    expect((await sixfold('runs', 'list')).stdout).toMatch(/order\.\w{8}\s+order\s+waiting/);
    expect((await sixfold('runs', 'notify', id.slice(0, 14), 'word', '--value', '{"granted":true}')).code).toBe(0);
    await worker.says('completed');
    expect((await sixfold('runs', 'show', id)).stdout).toContain('completed');
    const check = await sixfold('runs', 'check');
    expect({ code: check.code, said: check.stderr }).toEqual({
      code: 2,
      said: expect.stringContaining('no check on the engine "restate"'),
    });
  });

  onRestate('refuses to take requests that nobody signed, unless it is told to', async () => {
    useRestate();
    const { code, stderr } = await sixfold('worker', '--listen', '0');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('identityKeys') });
  });
});

describe('where the SDK of Restate is not installed', () => {
  onRestate('runs are begun and followed all the same, and a worker says what to install', async () => {
    installWithoutSdk(project);
    useRestate();
    const refused = await sixfold('worker', '--listen', '0', '--accept-unsigned');
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('npm install @restatedev/restate-sdk'),
    });

    using elsewhere = new UserProject();
    elsewhere.write('app.js', APPLICATION);
    writeFileSync(join(elsewhere.path, 'done'), '');
    const worker = elsewhere.start(['--app', 'app.js', 'worker', '--listen', '0', '--accept-unsigned']);
    running.push(worker);
    await worker.says('Worker on the engine');
    const { code, stdout } = await sixfold('run', 'bake');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('"first"') });
    worker.kill('SIGTERM');
    await worker.result();
  });
});

describe('sixfold worker on the engine of the application', () => {
  it('goes on with what the journal has, and leaves what is unfinished there when it is stopped', async () => {
    await killedBaking();
    const worker = await serving();
    await worker.says('goes on');
    worker.kill('SIGINT');
    await worker.says('Steps of 1 run are waited for');
    letItBeDone();
    const { code, stderr } = await worker.result();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Worker on the engine embedded') });
    expect(stderr).toContain('goes on with 1 run');

    const last = await serving();
    await last.says('completed');
    expect((await sixfold('runs', 'list', '--json')).stdout).toContain('"state": "completed"');
  });

  it('ends at once when it is told twice', async () => {
    await killedBaking();
    const worker = await serving();
    await worker.says('goes on');
    worker.kill('SIGINT');
    await worker.says('Press Ctrl-C again');
    worker.kill('SIGINT');
    expect((await worker.result()).code).toBe(130);
  });

  it.each([
    [['--listen', '9080'], '--listen belongs to --engine'],
    [['--engine', 'restate'], "needs the address of Restate's ingress"],
    [['--engine', 'restate', '--ingress', 'http://127.0.0.1:1', '--listen', 'here'], 'Give a port, or an address and a port'],
    [['--engine', 'restate', '--ingress', 'http://127.0.0.1:1', '--identity-key', 'mine'], '"mine" is no public key'],
    [['--engine', 'restate', '--ingress', 'here'], '"here" is no address'],
  ])('refuses %j', async (args, said) => {
    const { code, stderr } = await sixfold('worker', ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) });
  });
});
