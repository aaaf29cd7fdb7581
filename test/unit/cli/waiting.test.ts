/** What the command line says of runs that wait: where they stand, and the words of the command that goes on. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { readPrincipal, standardPrincipal, systemUser } from '../../../src/cli/principal.js';
import { RunStanding, type WaitsEvent } from '../../../src/cli/RunStanding.js';
import { shellWord } from '../../../src/cli/shellWord.js';
import { waitingData, waitingText } from '../../../src/cli/waitingText.js';
import type { RunEvent, RunHappening } from '../../../src/index.js';

function standingAfter(...happenings: readonly RunHappening[]): RunStanding {
  const standing = new RunStanding();
  for (const [offset, happening] of happenings.entries()) standing.take({ ...happening, offset, at: 0, progress: { done: 0 } } as RunEvent);
  return standing;
}

const gate = (verdict: 'failed' | 'overridden' | 'waiting', name = 'stock', severity: 'error' | 'warning' = 'error'): RunHappening => ({
  type: 'gate',
  gate: name,
  severity,
  verdict,
});

describe('where a run stands', () => {
  it('a gate is open from its wait to its verdict', () => {
    expect(standingAfter(gate('waiting')).waits).toEqual([{ what: 'gate', name: 'stock', until: null, detail: null }]);
    expect(standingAfter(gate('waiting'), gate('overridden')).waits).toEqual([]);
    expect(standingAfter(gate('waiting'), gate('failed')).waits).toEqual([]);
    expect(standingAfter(gate('waiting'), gate('overridden', 'other')).waits).toHaveLength(1);
  });

  it('the verdict about the first of two gates of one name leaves the second open, and a warning closes none', () => {
    expect(standingAfter(gate('waiting'), gate('overridden'), gate('waiting')).waits).toHaveLength(1);
    expect(standingAfter(gate('waiting'), gate('failed', 'stock', 'warning')).waits).toHaveLength(1);
  });
});

describe('what a run is said to wait for', () => {
  const waits = {
    type: 'waits',
    waits: [
      { what: 'signal', name: 'approval', until: 0 },
      { what: 'gate', name: 'stock' },
      { what: 'child', name: 'ship' },
    ],
  } as unknown as WaitsEvent; // What an observer adds to it is not looked at.
  const started = { type: 'step-started', phase: 'execution', id: 'a', step: 'pack' } as RunEvent;

  it('counts until something else happens; gates and children are known otherwise', () => {
    const standing = new RunStanding();
    standing.take(waits);
    expect(standing.waits).toEqual([{ what: 'signal', name: 'approval', until: '1970-01-01T00:00:00.000Z', detail: null }]);
    standing.take(started);
    expect(standing.waits).toEqual([]);
    expect(standing.underWay).toEqual(['pack']);
  });
});

describe('what is said of a run that was handed back', () => {
  const wait = { until: null, detail: null };
  const journal = { before: ['--app', 'my app.js'], behind: ['--db', 'x.db'] };
  const waits = [
    { runId: 'r1', command: 'order', wait: { ...wait, what: 'signal', name: 'approval' } },
    { runId: 'r2', command: 'ship', wait: { ...wait, what: 'person', name: 'it asks for something else' } },
  ] as const;

  it('is what it waits for, and the command line that gives it', () => {
    expect(waitingText('r1', waits, journal)).toBe(
      [
        'sixfold: run r1 waits, and was handed back.',
        '  waits for the signal approval',
        "    sixfold --app 'my app.js' runs notify r1 approval --value '{}' --db x.db",
        '  ship, which it started, stopped: it asks for something else',
        "    mend it, then sixfold --app 'my app.js' runs resume r2 --db x.db",
        '',
      ].join('\n'),
    );
  });

  it('is the same for programs', () => {
    expect(waitingData('r1', waits.slice(0, 1), journal)).toEqual({
      status: 'waiting',
      runId: 'r1',
      waits: [
        {
          runId: 'r1',
          command: 'order',
          what: 'signal',
          name: 'approval',
          until: null,
          detail: null,
          remedy: "sixfold --app 'my app.js' runs notify r1 approval --value '{}' --db x.db",
        },
      ],
    });
  });
});

describe('a word for a shell', () => {
  it('is what the shell reads back, whatever it is made of', () => {
    const odd = ['', "it's", '$HOME `id` "x" \\', '\u001b[31m\u202e\n\t', 'ünï 日本 🙂', "'\n'\\'"];
    const anything = fc.sample(fc.string({ unit: 'grapheme' }), { seed: 7, numRuns: 50 }).filter((text) => !text.includes('\0'));
    const words = [...odd, ...anything].map((text) => text.toWellFormed());
    const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
    const said = execFileSync('bash', ['-c', script], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    expect(said.split('\0').slice(0, -1)).toEqual(words);
  });

  it('shows nothing that a terminal would act on, and leaves plain words as they are', () => {
    expect(shellWord('\u001b[31m\u202e')).toBe(String.raw`$'\x1b[31m\U0000202e'`);
    expect(shellWord('--db=./a/b.db')).toBe('--db=./a/b.db');
  });
});

describe('the principal of the command line', () => {
  it('is the user of the operating system', () => {
    expect(standardPrincipal()).toEqual({ user: systemUser(), via: 'cli' });
    expect(systemUser()).not.toBe('');
  });

  it('may be given as an object or as text', () => {
    expect(readPrincipal('{"user":"ada","roles":["buyer"]}')).toEqual({ user: 'ada', roles: ['buyer'] });
    expect(readPrincipal('ada')).toBe('ada');
    expect(readPrincipal('[ada]')).toBe('[ada]');
  });

  it.each([' ', '{"user"'])('is refused with the reason: %j', (text) => {
    expect(() => readPrincipal(text)).toThrow(/It is (empty|not JSON)/);
  });
});
