import fc from 'fast-check';
import type { AnalysisReport } from '../../../../src/commands/multi-analysis/AnalysisReport.js';
import type { FileMeasure, Finding } from '../../../../src/commands/multi-analysis/Finding.js';
import { ANALYSER_NAMES } from '../../../../src/commands/multi-analysis/Finding.js';
import { analyserReport, finding, sampleAnalyserReports, synthesised } from '../../../support/sampleReport.js';

function reportOf(findings: readonly Finding[], measures: readonly FileMeasure[] = []): Promise<AnalysisReport> {
  const reports = ANALYSER_NAMES.map((analyser) =>
    analyserReport(
      analyser,
      findings.filter((one) => one.analyser === analyser),
      analyser === 'complexity' ? measures : [],
    ),
  );
  return synthesised({ reports });
}

const secret = (path: string) => finding({ analyser: 'secrets', rule: 'aws', level: 'error', path, message: 'An AWS key.' });
const first = async (report: Promise<AnalysisReport>) => (await report).recommendations[0];

describe('ranking', () => {
  test('risk decides: a secret in a hot file, then a hotspot of level error, then a secret nobody comes near', async () => {
    const leastHot = { commits: 15, cyclomatic: 96 };
    const hottest = { commits: 90, cyclomatic: 400 };
    const hot = fc.record({ commits: fc.integer({ min: 15, max: 90 }), cyclomatic: fc.integer({ min: 96, max: 400 }) });
    await fc.assert(
      fc.asyncProperty(hot, hot, async (one, other) => {
        const measures = [
          { path: 'hot.ts', ...one },
          { path: 'complex.ts', ...other },
        ];
        const { recommendations } = await reportOf([secret('cold.ts'), secret('hot.ts')], measures);
        const [top, ...rest] = recommendations.map(({ path, analysers }) => `${path} ${analysers.join(',')}`);
        expect(top).toBe('hot.ts secrets');
        expect(rest.at(-1)).toBe('cold.ts secrets');
        expect(rest.slice(0, -1).sort()).toEqual(['complex.ts complexity,history', 'hot.ts complexity,history']);
      }),
      {
        numRuns: 25,
        examples: [
          [leastHot, hottest],
          [hottest, leastHot],
        ],
      },
    );
  });

  test('the same finding is more urgent in a file that people touch', async () => {
    const { recommendations } = await reportOf(
      [finding({ path: 'a.ts' }), finding({ path: 'b.ts' })],
      [{ path: 'b.ts', commits: 12, cyclomatic: 15 }],
    );
    expect(recommendations.map(({ path, rank }) => [path, rank])).toEqual([
      ['b.ts', 1],
      ['a.ts', 2],
    ]);
  });

  test('an error of a weak analyser outranks a warning of a strong one', async () => {
    const all = [finding({ analyser: 'cycles', path: 'a.ts' }), finding({ analyser: 'lint', level: 'error', path: 'b.ts' })];
    expect(await first(reportOf(all))).toMatchObject({ path: 'b.ts', level: 'error' });
  });

  test('findings of one rule in one file are one recommendation, at the worst of its places', async () => {
    const places = [finding({ startLine: 3 }), finding({ startLine: 9, level: 'error' }), finding({ startLine: 20 })];
    const { recommendations, findings } = await reportOf(places);
    expect(recommendations).toMatchObject([{ startLine: 9, level: 'error', title: 'Fix eslint(no-debugger) in a.ts (3 places)' }]);
    expect(recommendations[0]?.fingerprint).toBe(findings.find(({ startLine }) => startLine === 9)?.fingerprint);
  });

  test('a rule that fires in every file does not flood the list', async () => {
    const noise = Array.from({ length: 400 }, (_, index) => finding({ level: 'error', path: `src/f${index}.ts` }));
    const { recommendations } = await reportOf([...noise, finding({ level: 'note', rule: 'other' })]);
    expect(recommendations.map(({ title }) => title.split(' ')[1])).toEqual([...Array(5).fill('eslint(no-debugger)'), 'other']);
  });

  test('an analyser with many rules leaves room for the others', async () => {
    const noise = Array.from({ length: 60 }, (_, index) => finding({ level: 'error', rule: `rule-${index}` }));
    const { recommendations } = await reportOf([...noise, finding({ analyser: 'duplication', level: 'note', path: 'src/quiet.ts' })]);
    expect(recommendations).toHaveLength(21);
    expect(recommendations.at(-1)).toMatchObject({ path: 'src/quiet.ts', rank: 21 });
  });

  test('no secret is left out for variety, and the list ends at fifty', async () => {
    const { recommendations } = await reportOf(Array.from({ length: 60 }, (_, index) => secret(`src/f${index}.ts`)));
    expect(recommendations).toHaveLength(50);
  });

  test('that a file is a hotspot and that it is complex is one recommendation, the more urgent of the two', async () => {
    const complex = finding({ analyser: 'complexity', path: 'a.ts', level: 'error', message: 'A complexity of 120.' });
    const hot = await reportOf([complex], [{ path: 'a.ts', commits: 24, cyclomatic: 120 }]);
    expect(hot.recommendations.map(({ title }) => title)).toEqual(['Split a.ts into parts that can be understood alone']);
    const mild = await reportOf([complex], [{ path: 'a.ts', commits: 3, cyclomatic: 120 }]);
    expect(mild.recommendations.map(({ title }) => title)).toEqual(['Simplify a.ts']);
  });

  test('the reason is one sentence with the measured numbers', async () => {
    const measures = [{ path: 'src/a.ts', lines: 640, commits: 14, authors: 3, cyclomatic: 87 }];
    expect((await first(reportOf([], measures)))?.reason).toBe(
      'The file was changed 14 times by 3 people within a year and has a cyclomatic complexity of 87 in 640 lines; making it simpler pays back at each of these changes.',
    );
    const { recommendations } = await reportOf([finding({ analyser: 'cycles', message: 'A cycle\n of two files.' })], measures);
    expect(recommendations[1]?.reason).toBe(
      'A cycle of two files; no file of a cycle can be understood, tested or moved without the others, and the file was changed 14 times by 3 people within a year and has a cyclomatic complexity of 87 in 640 lines.',
    );
  });

  test('an analyser whose finding became evidence is named with the winner', async () => {
    const report = reportOf([finding({ analyser: 'dead-code', message: 'Nothing uses it.' }), finding()]);
    expect(await first(report)).toMatchObject({
      analysers: ['dead-code', 'lint'],
      reason: 'Nothing uses it; it is read and maintained for nothing, and lint also speaks of this place.',
    });
  });

  test('a reason does not say twice how complex the file is', async () => {
    const complex = finding({ analyser: 'complexity', path: 'a.ts', level: 'error', message: 'A complexity of 120.' });
    expect((await first(reportOf([complex], [{ path: 'a.ts', commits: 2, authors: 1, cyclomatic: 120 }])))?.reason).toBe(
      'A complexity of 120; it is hard to test and easy to break, and the file was changed twice by 1 person within a year.',
    );
  });

  test('what is used but not there is to be added, not removed', async () => {
    const unlisted = finding({ analyser: 'dead-code', rule: 'unlisted-dependency', message: '`left-pad` is not in package.json.' });
    expect((await first(reportOf([unlisted])))?.title).toBe('Declare the dependency that a.ts uses');
  });

  test('an endless message is cut in the reason', async () => {
    const recommendation = await first(reportOf([finding({ message: 'x'.repeat(100_000) })]));
    expect(recommendation?.reason.length).toBeLessThan(300);
  });
});

describe('synthesis', () => {
  test('gives the same report whatever the order of the analysers, their findings and their measures', async () => {
    const reports = sampleAnalyserReports();
    const straight = await synthesised({ reports });
    const reversed = await synthesised({
      reports: reports
        .toReversed()
        .map((report) => Object.assign(report, { findings: report.findings.toReversed(), measures: report.measures.toReversed() })),
    });
    expect(reversed).toEqual(straight);
  });

  test('says of each analyser what it found, or why it is absent, in the order in which they are documented', async () => {
    const { analysers } = await synthesised({
      reports: [
        Object.assign(analyserReport('cycles', [finding()]), { dropped: 7, notes: ['No configuration.'] }),
        analyserReport('lint', []),
      ],
      absent: [{ analyser: 'secrets', reason: 'It is not installed.' }],
    });
    expect(analysers).toEqual([
      { analyser: 'lint', status: 'done', tool: 'oxlint', toolVersion: '1.89.0', findings: 0, dropped: 0, notes: [] },
      {
        analyser: 'cycles',
        status: 'done',
        tool: 'dependency-cruiser',
        toolVersion: '18.7.0',
        findings: 1,
        dropped: 7,
        notes: ['No configuration.'],
      },
      { analyser: 'secrets', status: 'absent', reason: 'It is not installed.', findings: 0, dropped: 0, notes: [] },
    ]);
  });

  test('counts findings by level after the conflicts', async () => {
    const { counts } = await reportOf([
      finding(),
      finding({ analyser: 'dead-code', level: 'note' }),
      finding({ startLine: 2, level: 'note' }),
    ]);
    expect(counts).toEqual({ error: 0, warning: 1, note: 1 });
  });

  test('keeps the five thousand biggest of the measured files', async () => {
    const measures = Array.from({ length: 5001 }, (_, index) => ({ path: `f${index}.ts`, lines: index + 1 }));
    const { measured } = await reportOf([], measures);
    expect(measured).toHaveLength(5000);
    expect(measured.some(({ path }) => path === 'f0.ts')).toBe(false);
  });
});
