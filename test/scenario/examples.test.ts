/** The examples do what they say. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { approveExpenses } from '../../examples/approve-expense/main.js';
import { ArchiveLogs } from '../../examples/archive-logs/ArchiveLogs.js';
import application from '../../examples/archive-logs/app.js';
import { gzip } from '../../examples/archive-logs/gzip.js';
import { placeOrders } from '../../examples/place-order/main.js';
import { startSixfold } from '../../src/index.js';
import { silent } from '../support/engineHarness.js';

describe('examples/place-order', () => {
  it('places an order once for its key, and refuses what is not in stock', async () => {
    const lines: string[] = [];
    const warnings: string[] = [];
    await placeOrders((line) => lines.push(line), { ...silent, warn: (message) => warnings.push(message) });
    expect(lines).toEqual([
      'order 42: R-1 and R-2, paid by P-42',
      'asked again with the same key, nothing was reserved or charged twice: R-1 and R-2',
      'order 43 ended failed: There is not enough of nut.',
    ]);
    expect(warnings).toContain('only 2 of nut left');
  });
});

describe('examples/approve-expense', () => {
  it("waits over the end of a process for somebody's word, pays, and gives back what was not approved", async () => {
    const lines: string[] = [];
    await approveExpenses((line) => lines.push(line), silent);
    expect(lines).toEqual([
      'held 1000 of 1000, 0 available',
      'the laptop {"expense":"laptop","waitsFor":"approval"}',
      '700 paid for laptop, approved by Ada',
      'the yacht ended compensated: Ada did not approve yacht. hold undone, 300 available',
    ]);
  });
});

describe('examples/archive-logs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'archive-logs-'));
  const log = join(folder, 'shop.log');
  const never = new AbortController().signal;
  beforeEach(() => writeFileSync(log, 'all is well\n'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const unpacked = () => gunzipSync(readFileSync(`${log}.gz`)).toString();

  it('replaces logs by archives, from the container that the command line is given', async () => {
    process.env.ARCHIVE_LOGS_JOURNAL = ':memory:';
    await using runner = await startSixfold(application());
    const seen = await runner.execute(ArchiveLogs, { folder, olderThan: 0, dryRun: true });
    expect(seen).toEqual({ archived: [], left: [{ name: 'shop.log', bytes: 12 }] });
    const { archived } = await runner.execute(ArchiveLogs, { folder, olderThan: 0 });
    expect(archived).toMatchObject([{ name: 'shop.log', bytes: 12 }]);
    expect(readdirSync(folder)).toEqual(['shop.log.gz']);
    expect(unpacked()).toBe('all is well\n');
    expect(await runner.execute(ArchiveLogs, { folder, olderThan: 0 })).toEqual({ archived: [], left: [] });
  });

  it('compresses again what a crash left half done, and nothing twice', async () => {
    writeFileSync(`${log}.gz.part`, 'half an archive');
    writeFileSync(`${log}.gz`, 'an archive whose log was not yet removed');
    const bytes = await gzip(log, { level: 'fast', signal: never });
    expect(readdirSync(folder)).toEqual(['shop.log.gz']);
    expect(unpacked()).toBe('all is well\n');
    rmSync(log, { force: true });
    expect(await gzip(log, { level: 'fast', signal: never })).toBe(bytes);
    expect(unpacked()).toBe('all is well\n');
  });

  it('keeps the log when it is stopped in the middle', async () => {
    rmSync(`${log}.gz`, { force: true });
    await expect(gzip(log, { level: 'best', signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    expect(readFileSync(log, 'utf8')).toBe('all is well\n');
    expect(readdirSync(folder)).not.toContain('shop.log.gz');
  });
});
