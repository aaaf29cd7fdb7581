/** The drawing of a run: its lines, its bars at their places, its width. */
import { stripVTControlCharacters } from 'node:util';
import { drawTimeline } from '../../../src/cli/timeline/drawTimeline.js';
import { spanOf, timelineRows } from '../../../src/cli/timeline/timelineRows.js';
import type { RecordedPhase, RecordedStep, RunRecordDocument } from '../../../src/index.js';

const START = Date.parse('2026-11-22T10:00:00.000Z');
const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

const STEP: RecordedStep = {
  seq: 2,
  id: 'execution/reserve/x#0',
  child: null,
  fate: 'answered',
  source: 'attempt',
  phase: 'execution',
  part: null,
  name: 'reserve',
  effect: 'idempotent',
  status: 'succeeded',
  attempt: 1,
  attempts: [],
  startedAt: at(0),
  durationMs: 5000,
  error: null,
  undo: null,
  superseded: false,
};
const EXECUTION: RecordedPhase = { phase: 'execution', startedAt: at(0), durationMs: 10_000, activities: [], gates: [] };

function documentWith(parts: Partial<RunRecordDocument>): RunRecordDocument {
  const empty = { key: null, parent: null, predecessor: null, successor: null, forkedFrom: null, principal: null, deadline: null };
  const none = { params: {}, result: null, error: null, waits: [], findings: [], degraded: [], course: [], steps: [] };
  const figures = { interactions: 0, attempts: 0, retries: 0, refused: 0, unanswered: 0, unknown: 0, undone: 0, checks: 0, ownSteps: 0 };
  const planless = { plan: null, plannedBy: null, systems: [], replies: [], metrics: { ...figures, timings: [] } };
  return {
    ...empty,
    ...none,
    ...planless,
    format: 1,
    runId: '1f0c2a',
    command: 'place-order',
    version: '1',
    state: 'completed',
    startedAt: at(0),
    endedAt: at(10),
    durationMs: 10_000,
    phases: [EXECUTION],
    integrity: { records: 1, dropped: 0, erased: 0, lastHash: null, statement: '' },
    ...parts,
  };
}

function linesOf(parts: Partial<RunRecordDocument>, options: { columns?: number; colour?: boolean; now?: number } = {}): string[] {
  const document = documentWith(parts);
  const { now = START + 20_000, columns = 60, colour = false } = options;
  const drawn = drawTimeline(timelineRows(document, now), spanOf(document, now), { columns, colour });
  return drawn.trimEnd().split('\n');
}

describe('the drawing of a run', () => {
  it('has the phase over its time, and each step where it was', () => {
    const late = { ...STEP, name: 'charge', startedAt: at(5), durationMs: 2500 };
    const [axis, phase, first, second] = linesOf({ steps: [late, STEP] });
    expect(axis).toMatch(/^ {14}0 +10\.0 s$/);
    expect(phase).toMatch(/^execution {5}─{25} {4}10\.0 s$/);
    expect(first).toMatch(/^ {2}reserve {5}█{13} +5\.0 s {2}succeeded$/);
    expect(second).toMatch(/^ {2}charge {6} {12}█{7} +2\.5 s {2}succeeded$/);
  });

  it('shows what took no time as one cell, also at the end', () => {
    const [, , step] = linesOf({ steps: [{ ...STEP, startedAt: at(10), durationMs: 0 }] });
    expect(step).toMatch(/^ {2}reserve {5} {24}█ +0 ms {2}succeeded$/);
  });

  it('shows every attempt, the time between them, and why the last one failed', () => {
    const error = { code: 'SYSTEM_REFUSED', message: 'card\ndeclined' };
    const attempts = [
      {
        seq: 3,
        attempt: 1,
        source: 'attempt',
        fate: 'refused',
        status: 'failed',
        startedAt: at(0),
        durationMs: 2000,
        error,
        nextAt: at(6),
      },
    ] as const;
    const step = { ...STEP, status: 'failed', attempt: 2, attempts, startedAt: at(6), durationMs: 4000, error } as const;
    const [, , charge, why] = linesOf({ steps: [step] }, { columns: 80 });
    expect(charge).toMatch(/^ {2}reserve {5}█+░+█+ +10\.0 s {2}failed \(attempt 2\)$/);
    expect(why).toBe('    SYSTEM_REFUSED: card declined');
  });

  it('says what was undone, and in which part a step was', () => {
    const undo = { seq: 9, status: 'succeeded', at: at(9) } as const;
    expect(linesOf({ steps: [{ ...STEP, undo, part: 'hotel 2' }] }, { columns: 80 })[2]).toMatch(
      /^ {2}hotel 2 \/ reserve {2}█.*succeeded, undone$/,
    );
  });

  it('draws what happened at once within its phase, and taking up as one line', () => {
    const turn = (
      seq: number,
      seconds: number,
      kind: 'signal' | 'resumed' | 'timer-fired',
      label: string,
      detail: string | null = null,
    ) => ({ seq, at: at(seconds), kind, label, detail });
    const course = [
      turn(3, 1, 'resumed', 'process 7'),
      turn(4, 5, 'signal', 'approval', '{}'),
      turn(5, 6, 'timer-fired', '80', '80 ms'),
      turn(6, 9, 'resumed', 'process 8'),
    ];
    const marks = linesOf({ course }).slice(2);
    expect(marks.map((line) => line.trim().replace(/ {2,}/g, ' '))).toEqual(['resumed 2 times ◆ ◆', 'signal approval ◆', 'slept 80 ms ◆']);
  });

  it('goes on to now where the run has not ended, with what it waits for and what was begun', () => {
    const lines = linesOf({
      state: 'waiting',
      endedAt: null,
      phases: [
        {
          ...EXECUTION,
          durationMs: null,
          gates: [{ name: 'stock', severity: null, verdict: 'undecided', found: 'two missing', override: null }],
        },
      ],
      steps: [
        { ...STEP, name: 'gate stock' },
        { ...STEP, name: 'pay', status: 'begun', startedAt: at(10), durationMs: null },
      ],
      waits: [{ what: 'signal', name: 'approval', until: null, detail: null }],
    });
    expect(lines[0]).toMatch(/20\.0 s$/);
    expect(lines.find((line) => line.includes('gate stock'))).toMatch(/█+┄+ +undecided$/);
    expect(lines).toContain('    found: two missing');
    expect(lines.find((line) => line.includes('pay'))).toMatch(/ {20}▒+ +begun, out.*…$/);
    expect(lines.at(-1)).toMatch(/^ {2}signal approval +┄+$/);
  });

  it('is as wide as the terminal and never narrower than 60, and cuts names and words that are longer', () => {
    const step = { ...STEP, name: 'a'.repeat(200), status: 'failed', error: { code: 'X', message: 'b'.repeat(500) } } as const;
    for (const columns of [10, 60, 100, 200]) {
      const lines = linesOf({ steps: [step] }, { columns });
      expect(lines.reduce((widest, line) => Math.max(widest, line.length), 0)).toBeLessThanOrEqual(Math.max(60, columns));
      expect(lines.join('\n')).toContain('a…');
    }
  });

  it('lets nothing in a name move the cursor', () => {
    expect(linesOf({ steps: [{ ...STEP, name: '\u001b[2Jgone\nnext' }] }, { columns: 90 })[2]).toContain('\\u{1b}[2Jgone next');
  });

  it('is coloured only where it is asked for, and no wider for that', () => {
    const failed = { ...STEP, status: 'failed' } as const;
    const plain = linesOf({ steps: [failed] });
    const coloured = linesOf({ steps: [failed] }, { colour: true });
    expect(plain.join('')).not.toContain('\u001b');
    expect(coloured[2]).toContain('\u001b[31m█');
    expect(coloured.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(plain);
  });

  it('counts what is beyond 400 lines', () => {
    const steps = Array.from({ length: 500 }, () => STEP);
    const lines = linesOf({ steps });
    expect(lines).toHaveLength(402);
    expect(lines.at(-1)).toBe('… 101 more in the JSON form.');
  });

  it('begins with the first step of a fork, which is older than its run', () => {
    expect(spanOf(documentWith({ steps: [{ ...STEP, startedAt: at(-30) }] }), START).from).toBe(START - 30_000);
  });
});
