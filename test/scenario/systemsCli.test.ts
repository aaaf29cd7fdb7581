/** `sixfold systems` as an operator uses it: the built program, on a journal with known outages. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { OperationReliability } from '../../src/host/reliability/OperationReliability.js';
import { CommandFailure, TransientError } from '../../src/index.js';
import { open } from '../support/application.js';
import { CliFolder } from '../support/cli.js';
import { ManualClock } from '../support/ManualClock.js';
import { Shop, sagaOf } from '../support/shopSystems.js';

jest.setTimeout(60_000);

const MINUTE = 60_000;

let folder: CliFolder;
beforeAll(async () => {
  folder = new CliFolder();
  await plant(join(folder.path, 'shop.db'));
});
afterAll(() => folder[Symbol.dispose]());

/**
 * Three hours of one order in ten minutes, until ten minutes ago. From minute 30 to below 50 and from 90 to below 100 the shop was busy; at
 * 120 it said no.
 */
async function plant(file: string): Promise<void> {
  const shop = new Shop();
  const start = Date.now() - 190 * MINUTE;
  const clock = new ManualClock(start);
  let minute = 0;
  shop.work = (what) => {
    if (what.startsWith('grant')) clock.advance(25);
    if (!what.startsWith('mail')) return;
    clock.advance(minute === 0 ? 1500 : 40);
    if ((minute >= 30 && minute < 50) || minute === 90) throw new TransientError('SYSTEM_OVERLOADED', 'busy \u001b[31m');
    if (minute === 120) throw new CommandFailure('SYSTEM_REFUSED', 'no');
  };
  const Order = sagaOf(shop, async ({ systems }) => {
    await systems.shop.grant({ sku: 'a' });
    await systems.shop.mail({ sku: 'a' });
  });
  await using runner = await open([Order], { engine: { file, clock } });
  for (; minute < 180; minute += 10) {
    clock.advance(start + minute * MINUTE - clock.now());
    await (await runner.start(Order, {})).outcome();
  }
}

const figuresOf = async (...args: readonly string[]): Promise<readonly OperationReliability[]> =>
  JSON.parse((await folder.run('systems', '--db', 'shop.db', '--json', ...args)).stdout) as readonly OperationReliability[];

describe('sixfold systems', () => {
  it('prints the figures of every operation as a table', async () => {
    const { code, stdout, stderr } = await folder.run('systems', '--db', 'shop.db');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [head, grant, undo, mail, empty, foot] = stdout.split('\n');
    expect(head?.split(/ {2,}/)).toEqual([
      'OPERATION',
      'CALLS',
      'ATTEMPTS',
      'ANSWERED',
      'AVAILABLE',
      'MTBF',
      'MTTR',
      'P50',
      'P99',
      'LAST FAILURE (UTC)',
    ]);
    expect(grant?.split(/ {2,}/)).toEqual(['shop.grant', '18', '18', '18', '100 %', '–', '–', '25 ms', '25 ms']);
    expect(mail?.split(/ {2,}/)).toEqual([
      'shop.mail',
      '18',
      '18',
      '15 (1 refused)',
      '83.33 %',
      '1 h 0 min (2 outages)',
      '15 min 0 s (2 outages)',
      '40 ms',
      '1.5 s',
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d transient, SYSTEM_OVERLOADED: busy \\u\{1b\}\[31m$/),
    ]);
    expect(undo?.split(/ {2,}/).slice(0, 4)).toEqual(['undo shop.grant', '4', '4', '4']);
    expect([empty, foot]).toEqual(['', 'At most the latest 1,000 runs were looked at.']);
  });

  it('prints the same as JSON', async () => {
    const mail = (await figuresOf()).find(({ operation }) => operation === 'mail');
    expect(mail).toMatchObject({
      system: 'shop',
      operation: 'mail',
      commands: ['saga'],
      availability: 15 / 18,
      outages: 2,
      mtbfMs: 60 * MINUTE,
      mttrMs: 15 * MINUTE,
      failures: { transient: 3, timedOut: 0, unknown: 0, invalidReply: 0 },
    });
  });

  it('counts only what was begun since then, of at most so many runs', async () => {
    expect((await figuresOf('--since', '115m')).at(-1)).toMatchObject({ calls: 10, answered: 9, outages: 1, mtbfMs: null });
    expect((await figuresOf('--limit', '3'))[0]).toMatchObject({ calls: 3 });
    expect(await figuresOf('--since', '1m')).toEqual([]);
    const { stdout } = await folder.run('systems', '--db', 'shop.db', '--since', '1m');
    expect(stdout).toBe('No attempt to reach a system is recorded.\n');
  });

  it('refuses what it cannot mean', async () => {
    expect(await folder.run('systems', '--db', 'shop.db', '--since', 'soon')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('12h'),
    });
    expect((await folder.run('systems', '--db', 'shop.db', '--limit', '0')).code).toBe(2);
    expect((await folder.run('systems', '--db', 'nowhere.db')).code).toBe(2);
  });

  it('changes nothing in the journal, also while another process has it', async () => {
    const file = join(folder.path, 'shop.db');
    const recordsIn = (): unknown => {
      using database = new DatabaseSync(file, { readOnly: true });
      return database.prepare('select count(*) as count from record').get();
    };
    const before = recordsIn();
    await using runner = await open([], { engine: { file } });
    expect((await figuresOf())[0]?.calls).toBe(18);
    expect((await runner.runs(100)).length).toBe(18);
    expect(recordsIn()).toEqual(before);
  });
});
