/** The progress in a pipe: which lines there are, and what they say. */
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { ProgressView } from '../../../src/cli/ProgressView.js';
import type { RunEvent, RunHappening } from '../../../src/index.js';

async function* events(happenings: readonly RunHappening[]): AsyncGenerator<RunEvent> {
  for (const [offset, happening] of happenings.entries()) yield { ...happening, offset, at: 0, progress: { done: 0 } };
}

/** What a run with these systems says. */
async function linesOf(systems: readonly string[], happenings: readonly RunHappening[]): Promise<string[]> {
  const stream = new PassThrough();
  const view = await ProgressView.open(systems, { stream, live: false, colour: false });
  await view.follow(events(happenings));
  return String(stream.read() ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ +/g, ' '));
}

const started = (step: string, phase = 'execution'): RunHappening => ({ type: 'step-started', phase, id: step, step });
const ended = (step: string, phase = 'execution'): RunHappening => ({
  type: 'step-ended',
  phase,
  id: step,
  step,
  status: 'succeeded',
  durationMs: 1200,
});
const failed = (step: string, reason: string, phase = 'execution'): RunHappening =>
  ({ ...ended(step, phase), status: 'failed', reason }) as RunHappening;
const gate = (verdict: 'passed' | 'failed' | 'overridden' | 'waiting', more: object = {}): RunHappening => ({
  type: 'gate',
  gate: 'stock',
  severity: 'error',
  verdict,
  ...more,
});

it('redraws a line for each system and a bar with the share, the phase and the time that is left, on a terminal', async () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  const view = await ProgressView.open(['stock', 'bank'], { stream, live: true, colour: false });
  const at = (offset: number, done: number, happening: RunHappening): RunEvent => ({
    ...happening,
    offset,
    at: 0,
    progress: { done, leftMs: 4000 },
  });
  async function* course(): AsyncGenerator<RunEvent> {
    yield at(1, 0.05, { type: 'phase', phase: 'execution' });
    yield at(2, 0.1, started('stock.reserve'));
    yield at(3, 0.5, ended('stock.reserve'));
  }
  await view.follow(course());
  const last = stripVTControlCharacters(String(stream.read())).trimEnd().split('\n').slice(-3);
  expect(last.map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
    '✔ stock 1.2 s',
    '· bank waiting',
    '████████████············ 50 % execution about 4 s left',
  ]);
});

describe('the line of a step', () => {
  it('has the whole name of a step that is no operation of a system', async () => {
    expect(await linesOf([], [started('gzip a.log'), ended('gzip a.log')])).toEqual(['gzip a.log started', '✔ gzip a.log 1.2 s']);
  });

  it('is that of the system for its operations, also of a system inside another', async () => {
    const happenings = [ended('lint.analyse'), ended('shops.bern.charge'), ended('shops.rome.charge')];
    expect(await linesOf(['lint', 'shops.bern'], happenings)).toEqual(['✔ lint 1.2 s', '✔ shops.bern 1.2 s', '✔ shops.rome.charge 1.2 s']);
  });

  it('is not there for a health check that succeeds', async () => {
    const checks = [started('lint.checkHealth'), ended('lint.checkHealth'), failed('knip.checkHealth', 'not installed')];
    expect(await linesOf(['lint', 'knip'], checks)).toEqual(['– knip not installed']);
  });

  it('is not there for a clearance that was given, nor for one that was refused, which is the error of the run', async () => {
    expect(await linesOf([], [started('authorize', 'validation'), ended('authorize', 'validation')])).toEqual([]);
    expect(await linesOf([], [failed('authorize', 'directory is down', 'validation')])).toEqual(['– authorize directory is down']);
    expect(await linesOf([], [ended('authorize')])).toEqual(['✔ authorize 1.2 s']);
  });

  it('passes nothing on that a terminal would act on', async () => {
    const [line] = await linesOf([], [ended('a\u001b[31m\u202e\nb')]);
    expect(line).toBe('✔ a\\u{1b}[31m\\u{202e} b 1.2 s');
  });
});

describe('the line of a gate', () => {
  const checked = [started('gate stock'), ended('gate stock')];

  it('comes with its verdict, not with the end of its check', async () => {
    expect(await linesOf([], [...checked, gate('passed')])).toEqual(['✔ gate stock passed']);
    expect(await linesOf([], [...checked, gate('failed', { found: 'two missing' })])).toEqual(['– gate stock failed: two missing']);
  });

  it('says that it is only a warning', async () => {
    expect(await linesOf([], [...checked, gate('failed', { severity: 'warning' })])).toEqual(['– gate stock failed (a warning)']);
  });

  it('says that it waits, and that it was overridden', async () => {
    const happenings = [...checked, gate('waiting', { found: 'two missing' }), gate('overridden', { found: 'two missing' })];
    expect(await linesOf([], happenings)).toEqual([
      '– gate stock waits for an override: two missing',
      '– gate stock overridden: two missing',
    ]);
  });

  it('is there for a gate without a check of its own where it does not pass', async () => {
    expect(await linesOf([], [gate('passed'), gate('failed', { found: 'no' })])).toEqual(['gate "stock" failed: no']);
  });

  it('does not swallow a step that is only named like a gate', async () => {
    expect(await linesOf([], [...checked, started('next')])).toEqual(['✔ gate stock 1.2 s', 'next started']);
    expect(await linesOf([], checked)).toEqual(['✔ gate stock 1.2 s']);
  });
});

it('says in a pipe once what the run waits for, besides gates, which have lines of their own', async () => {
  const until = Date.now() + 12_000;
  const waits = {
    type: 'waits',
    waits: [
      { what: 'timer', name: '12000', until },
      { what: 'gate', name: 'stock' },
    ],
  } as unknown as RunHappening;
  const lines = await linesOf([], [started('pack'), ended('pack'), waits, waits]);
  expect(lines.slice(2)).toEqual([expect.stringMatching(/^… sleeps until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in 1[12] s\)$/)]);
});
