/** `sixfold runs` beside an application that runs: signals, cancelling, what waits, edited code, forks, an altered journal, old runs. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JournalAnchor, Verification } from '../../src/host/journalAnchor.js';
import type { JournalRecord, RunCheck, RunRecordDocument, RunSummary } from '../../src/index.js';
import { CliFolder, type CliResult, CliRun } from '../support/cli.js';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(60_000);
delete process.env.SIXFOLD_APP;
process.env.ANCHOR_KEY = 'a key of the auditors';
process.env.OTHER_KEY = 'another key of somebody';

/** @param pack the options of a step, which a later version of the code calls otherwise; nothing leaves the command out */
const application = (pack: string | undefined): string => `
import { existsSync, appendFileSync } from 'node:fs';
import { IsBoolean, IsString } from 'class-validator';
import { Container } from 'inversify';
import { command, CommandFailure, embeddedEngine, OutcomeUnknownError, PlainCommand, sixfoldModule } from 'sixfold';

class NoParams {}
class Approval {}
IsString()(Approval.prototype, 'by');
const note = (text) => async () => { appendFileSync('effects', text + '\\n'); return text; };

class ApproveParams {
  endless = false;
}
IsBoolean()(ApproveParams.prototype, 'endless');

class Approve extends PlainCommand {
  async run(params, ctx) {
    await ctx.step('pack', note('pack'), { undo: note('unpack'), ${pack ?? ''} });
    ctx.publish({ packed: true });
    const { by } = await ctx.waitFor('approval', { schema: Approval, ...(params.endless ? {} : { timeoutMs: 10 * 3_600_000 }) });
    return { by, sent: await ctx.step('send', note('send')) };
  }
}
command({ name: 'approve', params: ApproveParams })(Approve);

class Nap extends PlainCommand {
  async run(_params, ctx) {
    await ctx.sleep(30 * 86_400_000);
  }
}
command({ name: 'nap', params: NoParams, queue: { concurrency: 1 } })(Nap);

class Sit extends PlainCommand {
  async run(_params, ctx) {
    await ctx.step('sit', async () => {
      while (!existsSync('stand')) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    return 'stood';
  }
}
command({ name: 'sit', params: NoParams })(Sit);

class Outer extends PlainCommand {
  run(_params, ctx) {
    return ctx.execute(Nap, {});
  }
}
command({ name: 'outer', params: NoParams })(Outer);

class Pay extends PlainCommand {
  async run(_params, ctx) {
    await ctx.step('order', note('order'));
    await ctx.step('charge', async () => {
      if (!existsSync('mended')) throw new CommandFailure('SYSTEM_REFUSED', 'no money');
      return note('charge')();
    });
    return 'paid';
  }
}
command({ name: 'pay', params: NoParams })(Pay);

class Post extends PlainCommand {
  async run(_params, ctx) {
    await ctx.step('order', note('order'), { undo: note('cancel order') });
    const mail = async () => { throw new OutcomeUnknownError('REPLY_LOST', 'no reply'); };
    return ctx.step('mail', mail, { effect: 'once' });
  }
}
command({ name: 'post', params: NoParams })(Post);

export default () => {
  const container = new Container();
  const engine = embeddedEngine({ file: 'shop.db', unloadAfterMs: 1, leaseMs: 1000 });
  container.load(sixfoldModule({ engine, commands: ${pack === undefined ? '[Pay]' : '[Approve, Nap, Outer, Pay, Post, Sit]'} }));
  return container;
};
`;

/** The application as a service: starts the commands that it is told to, goes on with everything, and says how they end. */
const SERVICE = `
import { startSixfold } from 'sixfold';
import application from './app.js';

const runner = await startSixfold(application());
process.on('SIGTERM', () => runner[Symbol.asyncDispose]().then(() => process.exit(0)));
for (const name of process.argv.slice(2)) {
  const run = await runner.start(runner.commands.find((known) => known.name === name).type, {});
  console.error('started ' + name + ' ' + run.id);
  run.outcome().then(({ status, result }) => console.error(name + ' ended ' + status + ' ' + JSON.stringify(result)), () => undefined);
}
`;

const project = new UserProject();
const APP = join(project.path, 'app.js');
let folder: CliFolder;
let services: CliRun[] = [];
beforeAll(() => {
  project.write('app.js', application(''));
  project.write('edited.js', application("key: 'large'"));
  project.write('lesser.js', application(undefined));
  project.write('service.js', SERVICE);
});
beforeEach(() => {
  folder = new CliFolder();
});
afterEach(async () => {
  for (const service of services) service.kill('SIGKILL');
  await Promise.all(services.map((service) => service.result()));
  services = [];
  folder[Symbol.dispose]();
});
afterAll(() => project[Symbol.dispose]());

const app = (...args: readonly string[]): Promise<CliResult> => folder.run('--app', APP, ...args);
const runs = (...args: readonly string[]): Promise<CliResult> => app('runs', ...args);
const effects = (): string[] => readFileSync(join(folder.path, 'effects'), 'utf8').trim().split('\n');
const listed = async (): Promise<readonly RunSummary[]> => JSON.parse((await runs('list', '--json')).stdout);

function service(...commands: readonly string[]): CliRun {
  const script = join(project.path, 'service.js');
  const run = new CliRun(spawn(process.execPath, [script, ...commands], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] }));
  services.push(run);
  return run;
}

/** The one run of a command, once it is in that state. */
async function runIn(state: string, command: string): Promise<RunSummary> {
  for (;;) {
    const run = (await listed()).find((one) => one.command === command);
    if (run?.state === state) return run;
  }
}

describe('a run that waits for a signal in a service', () => {
  it('is listed and shown with what it waits for, and goes on when another process sends it', async () => {
    const host = service('approve');
    const { id } = await runIn('waiting', 'approve');
    expect((await runs('list', '--state', 'waiting')).stdout).toMatch(/approve +waiting .* signal approval in 10 h\n/);
    expect((await runs('list', '--state', 'failed')).stdout).toBe('None of the latest 20 runs is failed.\n');
    const { stdout } = await runs('show', id.slice(0, 8));
    expect(stdout).toMatch(/state +waiting\n/);
    expect(stdout).toMatch(/waits for the signal approval \(until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in 10 h\)\n/);
    expect(stdout).toContain(`runs notify ${id} approval --value '{}'`);
    expect(stdout).toMatch(/\n {2}pack +█+ +\d+ m?s +succeeded\n/);
    expect(JSON.parse((await runs('query', id)).stdout)).toEqual({ packed: true });

    expect(await runs('notify', id, 'approval', '--value', '{"by": "ada"}', '--token', 't')).toMatchObject({
      code: 0,
      stdout: `Run ${id} has the signal approval.\n`,
    });
    await host.says('approve ended completed {"by":"ada","sent":"send"}');
    expect(effects()).toEqual(['pack', 'send']);
    expect(await runs('notify', id, 'approval', '--value', '{"by": "ada"}')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has ended'),
    });
  });

  it('is cancelled from another process, and what it did is undone', async () => {
    const host = service('approve');
    const { id } = await runIn('waiting', 'approve');
    expect((await runs('cancel', id, '--reason', 'too late')).stdout).toBe(`Run ${id} is asked to stop.\n`);
    await host.says('approve ended cancelled');
    expect(effects()).toEqual(['pack', 'unpack']);
    const { stdout } = await runs('show', id);
    expect(stdout).toMatch(/ pack +█+ +\d+ m?s +succeeded, undone\n/);
    expect(stdout).toContain('cancelled: too late');
    expect((await runs('cancel', id, '--reason', 'again')).stdout).toMatch(/has ended cancelled; there is nothing to cancel/);
  });

  it('says which run a run waits for, what sleeps, and what is queued', async () => {
    service('outer', 'nap');
    const { id } = await runIn('waiting', 'outer');
    const { stdout } = await runs('list');
    expect(stdout).toMatch(/outer +waiting .* child nap\n/);
    expect(stdout).toMatch(/nap +waiting .* sleeps 30 days\n/);
    expect(stdout).toMatch(/nap +queued .* queued behind nap\n/);
    const child = (await listed()).find(({ command, state }) => command === 'nap' && state === 'waiting');
    expect((await runs('show', id)).stdout).toContain(`waits for its child nap ${child?.id.slice(0, 8)}`);
  });
});

describe('a run that is under way in a service', () => {
  it('is followed by resume to its end, and Ctrl-C there leaves it alone', async () => {
    const host = service('sit');
    await host.says('started sit');
    const { id } = await runIn('running', 'sit');
    const follower = folder.start(['--app', APP, 'runs', 'resume', id]);
    await follower.says(`Run ${id} is under way in another process; Ctrl-C leaves it alone.`);
    follower.kill('SIGINT');
    expect((await follower.result()).code).toBeNull();
    const { records } = JSON.parse((await runs('show', id, '--json')).stdout) as { records: readonly JournalRecord[] };
    expect(records.map(({ kind }) => kind)).not.toContain('cancel-requested');
    const patient = folder.start(['--app', APP, 'runs', 'resume', id]);
    await patient.says('under way in another process');
    writeFileSync(join(folder.path, 'stand'), '');
    expect(await patient.result()).toMatchObject({ code: 0, stdout: '"stood"\n' });
  });
});

describe('a run of the command line', () => {
  it('takes a signal from another process while it stays', async () => {
    const run = folder.start(['--app', APP, 'run', 'approve', '--endless', '--wait']);
    await run.says('✔ pack');
    const { id } = await runIn('running', 'approve');
    expect((await runs('notify', id, 'approval', '--value', '{"by": "grace"}')).code).toBe(0);
    expect(await run.result()).toMatchObject({ code: 0, stdout: expect.stringContaining('"by": "grace"') });
  });

  it.each([
    [
      ['notify', 'x', 'approval', '--value', '{"by'],
      /--value <json>' argument '\{"by' is invalid\. It is not JSON \(.*Quote it for the shell/,
    ],
    [['notify', 'x', 'approval', '--value', '[1]'], /It is no object\. Give one, such as/],
    [['notify', 'x', 'approval'], /required option '--value <json>' not specified/],
    [['cancel', 'x'], /required option '--reason <text>' not specified/],
    [['cancel', 'x', '--reason', 'r'], /There is no run "x"/],
    [['prune', '--older-than', '30'], /'30' is invalid\. It is no duration\. Give a whole number and a unit/],
    [['prune', '--older-than', '6000w'], /It is no duration|more than 100 years/],
    [['list', '--state', 'open'], /Allowed choices are running, waiting, queued/],
    [['verify', '--anchor', 'nowhere.json'], /nowhere\.json cannot be read: ENOENT/],
    [['anchor', '--key', 'env:NO_SUCH_KEY'], /There is no secret env:NO_SUCH_KEY\. Set it where/],
    [['anchor', '--key', 'a-key-by-itself'], /is no reference to a secret\. Use provider:name; the providers are env/],
  ])('runs %j is refused in a line that says what to do', async (args, message) => {
    const { code, stderr } = await runs(...args);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(stderr).not.toContain('a-key-by-itself');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('sixfold runs check', () => {
  it('says whether an open run goes on, which step keeps it from that, and which command is unknown', async () => {
    const host = service('approve');
    const { id } = await runIn('waiting', 'approve');
    host.kill('SIGTERM');
    await host.result();
    expect(await runs('check')).toMatchObject({ code: 0, stdout: expect.stringMatching(/approve +continues\nAll would go on\.\n/) });
    const edited = await folder.run('--app', join(project.path, 'edited.js'), 'runs', 'check', '--json');
    const [check] = JSON.parse(edited.stdout) as RunCheck[];
    expect({ code: edited.code, check }).toMatchObject({
      code: 1,
      check: { id, verdict: 'refused', step: expect.stringMatching(/^execution\/pack\//) },
    });
    const lesser = await folder.run('--app', join(project.path, 'lesser.js'), 'runs', 'check');
    expect(lesser).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/approve +unknown command .*\n1 of 1 would not, or not surely, go on with this code\.\n/),
    });
    expect(effects()).toEqual(['pack']);
  });
});

describe('a run that failed', () => {
  const failed = async (): Promise<string> => {
    await app('run', 'pay');
    return (await listed())[0]?.id ?? '';
  };

  it('is gone on with by --reopen, once its code is mended; only the step that failed is done again', async () => {
    const id = await failed();
    const plain = await runs('resume', id);
    expect(plain).toMatchObject({ code: 3, stderr: expect.stringContaining('Once its code is mended, --reopen goes on with it') });
    writeFileSync(join(folder.path, 'mended'), '');
    const { code, stdout, stderr } = await runs('resume', id, '--reopen');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '"paid"\n' });
    expect(stderr).toContain(`Run ${id} is reopened: the outcome of charge does not count any more.`);
    expect(effects()).toEqual(['order', 'charge']);
    expect((await runs('show', id)).stdout).toMatch(/charge +█+ .* failed, superseded\n/);
    expect(await runs('resume', id, '--reopen')).toMatchObject({ code: 2, stderr: expect.stringContaining('only a failed run can') });
  });

  it('is forked from a step, or from a record, and the fork does the rest', async () => {
    const id = await failed();
    writeFileSync(join(folder.path, 'mended'), '');
    const { code, stderr } = await runs('fork', id, '--from', 'charge');
    expect(code).toBe(0);
    expect(effects()).toEqual(['order', 'charge']);
    const fork = /Run (\S+) is forked from/.exec(stderr)?.[1] ?? '';
    const document = JSON.parse((await runs('show', fork, '--format', 'json')).stdout) as RunRecordDocument;
    expect(document).toMatchObject({ state: 'completed', forkedFrom: { run: id } });
    expect((await runs('fork', id, '--from', '2')).code).toBe(0);
    expect(effects()).toEqual(['order', 'charge', 'order', 'charge']);
    expect(await runs('fork', id, '--from', 'refund')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it has no step "refund"'),
    });
  });

  it('has a history with a line for each record, and with everything for programs', async () => {
    const id = await failed();
    const { stdout } = await runs('history', id);
    expect(stdout).toMatch(/^SEQ +TIME +KIND +NAME +STATUS\n1 +\d{4}-\S+Z +started +pay\n/);
    expect(stdout).toMatch(/\n\d+ +\S+Z +step-ended +charge +failed\n/);
    const records = JSON.parse((await runs('history', id, '--json')).stdout) as JournalRecord[];
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_record, index) => index + 1));
    expect(records.at(-1)).toMatchObject({ kind: 'ended', hash: expect.any(String), body: expect.stringContaining('no money') });
  });
});

describe('a run whose outcome is unknown', () => {
  it('is settled by somebody who found out, and goes on from there', async () => {
    const ended = await app('run', 'post');
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('ended unknown') });
    const [run] = await listed();
    const id = run?.id.slice(0, 8) ?? '';
    expect(ended.stderr).toContain(`runs settle ${run?.id} mail --as done --reason REASON\n`);
    expect(effects()).toEqual(['order']);
    const settle = (...args: readonly string[]) => runs('settle', id, ...args, '--reason', 'asked the post');
    expect(await settle('order', '--as', 'done')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/"order" is not in doubt; what is: .*mail/),
    });
    expect(await settle('mail', '--as', 'maybe')).toMatchObject({ code: 2, stderr: expect.stringContaining('done, not-done') });
    expect(await settle('mail', '--as', 'done', '--output', '{')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('It is not JSON'),
    });
    const settled = await settle('mail', '--as', 'not-done', '--by', 'ada');
    expect(settled).toMatchObject({ code: 3, stderr: expect.stringContaining('ended compensated') });
    expect(effects()).toEqual(['order', 'cancel order']);
    expect((await runs('show', id, '--format', 'markdown')).stdout).toMatch(/ada settled mail: asked the post/);
    expect(await settle('mail', '--as', 'done')).toMatchObject({ code: 2, stderr: expect.stringContaining('it is compensated') });
  });
});

describe('the anchor of a journal', () => {
  const verify = async (...args: readonly string[]): Promise<{ code: number | null; said: Verification }> => {
    const { code, stdout } = await runs('verify', '--anchor', 'anchor.json', '--json', ...args);
    return { code, said: JSON.parse(stdout) };
  };
  const signed = ['--key', 'env:ANCHOR_KEY'] as const;
  const anchored = async (): Promise<JournalAnchor> => {
    for (let n = 0; n < 2; n += 1) await app('run', 'pay');
    expect(await runs('anchor', '--out', 'anchor.json', ...signed)).toMatchObject({ code: 0, stdout: 'anchor.json\n' });
    return JSON.parse(readFileSync(join(folder.path, 'anchor.json'), 'utf8'));
  };
  const inJournal = (change: (database: DatabaseSync) => void): void => {
    const database = new DatabaseSync(join(folder.path, 'shop.db'));
    change(database);
    database.close();
  };

  it('confirms a journal that only grew, and notices a row that was altered', async () => {
    const { runs: all, signature } = await anchored();
    expect({ ids: all.map(({ id }) => id), signature }).toEqual({
      ids: all.map(({ id }) => id).toSorted(),
      signature: expect.stringMatching(/^hmac-sha256:/),
    });
    await app('run', 'pay');
    expect(await verify(...signed)).toEqual({ code: 0, said: { checked: 3, confirmed: 2, findings: [] } });
    inJournal((database) => database.exec(`UPDATE record SET label = 'gift' WHERE label = 'charge' AND run = 1`));
    const { code, said } = await verify(...signed);
    expect({ code, said }).toMatchObject({
      code: 1,
      said: { findings: [{ verdict: 'altered', reason: expect.stringContaining('is not as it was written') }] },
    });
    expect(await runs('anchor')).toMatchObject({ code: 3, stderr: expect.stringContaining('is not as it was written') });
  });

  it('notices a run whose chain was written anew, or that is gone', async () => {
    const { runs: all } = await anchored();
    const text = readFileSync(join(folder.path, 'anchor.json'), 'utf8');
    const [first] = all;
    await runs('anchor', '--out', 'plain.json');
    const other = readFileSync(join(folder.path, 'plain.json'), 'utf8').replace(first?.hash ?? '', 'A'.repeat(43));
    writeFileSync(join(folder.path, 'plain.json'), other);
    const anew = await runs('verify', '--anchor', 'plain.json');
    expect(anew).toMatchObject({ code: 1, stdout: expect.stringMatching(/^altered +\S+ +record \d+ is not the one that was anchored\n/) });

    inJournal((database) => database.exec('DELETE FROM record WHERE run = 1; DELETE FROM run WHERE id = 1;'));
    expect(await verify(...signed)).toMatchObject({ code: 1, said: { confirmed: 1, findings: [{ verdict: 'gone' }] } });
    expect((await verify(...signed, '--allow-pruned')).code).toBe(0);
    expect(text).not.toContain('shop.db');
  });

  it('is refused with a wrong signature, without its key, and where a signature is missing', async () => {
    await anchored();
    const file = join(folder.path, 'anchor.json');
    const refused = async (message: RegExp, ...key: readonly string[]) =>
      expect(await runs('verify', '--anchor', 'anchor.json', ...key)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(message),
      });
    await refused(/Its signature is not that of its content with this key/, '--key', 'env:OTHER_KEY');
    await refused(/It is signed, so that it can only be trusted with its key/);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/"seq": \d+/, '"seq": 1'));
    await refused(/Its signature is not that of its content/, ...signed);
    writeFileSync(file, text.replace(/"hmac-[^"]*"/, 'null'));
    await refused(/It has no signature, and a key was given/, ...signed);
    writeFileSync(file, '{}');
    await refused(/has another shape/, ...signed);
  });
});

describe('sixfold runs prune', () => {
  it('removes runs that ended long ago, or their values; open ones and later ones stay', async () => {
    service('approve');
    await runIn('waiting', 'approve');
    await app('run', 'pay');
    expect((await runs('prune', '--older-than', '1h')).stdout).toBe('0 runs are removed.\n');
    expect((await runs('prune', '--older-than', '0s', '--dry-run')).stdout).toMatch(/^1 run ended before/);
    expect((await runs('prune', '--older-than', '0s', '--bodies')).stdout).toBe('The values of 1 run are erased.\n');
    const pay = (await listed()).find(({ command }) => command === 'pay');
    expect((await runs('show', pay?.id ?? '', '--format', 'json')).stdout).toMatch(/"erased": [1-9]/);
    expect((await runs('verify')).code).toBe(0);
    expect(JSON.parse((await runs('prune', '--older-than', '0s', '--json')).stdout)).toMatchObject({ runs: 1, what: 'runs' });
    expect((await listed()).map(({ command }) => command)).toEqual(['approve']);
  });
});
