/** Reports to look at and to test with, made by the real synthesis from findings such as the analysers give. */
import { AnalyserReport } from '../../src/commands/multi-analysis/AnalyserReport.js';
import type { AnalysisReport } from '../../src/commands/multi-analysis/AnalysisReport.js';
import type { AnalyserName, FileMeasure, Finding } from '../../src/commands/multi-analysis/Finding.js';
import { Synthesis } from '../../src/commands/multi-analysis/Synthesis.js';
import { SynthesisRequest } from '../../src/commands/multi-analysis/SynthesisRequest.js';
import { testCall } from './call.js';

/** A lint warning at line 1 of `src/a.ts`, with what differs from that. */
export function finding(differing: Partial<Finding> = {}): Finding {
  const startLine = differing.startLine ?? 1;
  return {
    analyser: 'lint',
    rule: 'eslint(no-debugger)',
    level: 'warning',
    message: '`debugger` statement is not allowed.',
    path: 'src/a.ts',
    startLine,
    endLine: startLine,
    ...differing,
  };
}

const TOOLS: Readonly<Record<AnalyserName, readonly [tool: string, version: string]>> = {
  lint: ['oxlint', '1.89.0'],
  complexity: ['fta-cli', '3.0.1'],
  duplication: ['jscpd', '5.3.2'],
  'dead-code': ['knip', '6.42.1'],
  cycles: ['dependency-cruiser', '18.7.0'],
  secrets: ['secretlint', '12.0.0'],
  history: ['git', '2.39.5'],
};

export function analyserReport(
  analyser: AnalyserName,
  findings: readonly Omit<Finding, 'analyser'>[],
  measures: readonly FileMeasure[] = [],
): AnalyserReport {
  const [tool, toolVersion] = TOOLS[analyser];
  const own = findings.map((one) => ({ ...one, analyser }));
  return Object.assign(new AnalyserReport(), { analyser, tool, toolVersion, findings: own, measures, dropped: 0, notes: [] });
}

export async function synthesised(differing: Partial<SynthesisRequest>): Promise<AnalysisReport> {
  await using call = testCall();
  const request = { root: '/home/ada/shop', startedAt: '2026-11-21T08:30:00.000Z', files: 8, reports: [], absent: [], ...differing };
  return await new Synthesis().synthesise(Object.assign(new SynthesisRequest(), request), call);
}

const SHAPES = [
  { path: 'src/checkout/PlaceOrder.ts', lines: 912, cyclomatic: 143 },
  { path: 'src/checkout/prices.ts', lines: 388, cyclomatic: 61 },
  { path: 'src/checkout/index.ts', lines: 24, cyclomatic: 1 },
  { path: 'src/stock/reserve.ts', lines: 240, cyclomatic: 38 },
  { path: 'src/stock/Warehouse.ts', lines: 310, cyclomatic: 27 },
  { path: 'src/mail/send.ts', lines: 96, cyclomatic: 12 },
  { path: 'config/production.ts', lines: 41, cyclomatic: 2 },
  { path: 'test/checkout.test.ts', lines: 530, cyclomatic: 9 },
];

const CHANGES = [
  { path: 'src/checkout/PlaceOrder.ts', commits: 31, authors: 6 },
  { path: 'src/checkout/prices.ts', commits: 14, authors: 3 },
  { path: 'src/stock/reserve.ts', commits: 11, authors: 2 },
  { path: 'src/mail/send.ts', commits: 2, authors: 1 },
  { path: 'test/checkout.test.ts', commits: 22, authors: 5 },
];

const at = (path: string, startLine: number, endLine = startLine) => ({ path, startLine, endLine });

/** A small shop with something of everything: two hotspots, a secret, a cycle, a conflict, a twin. */
export function sampleReport(differing: Partial<SynthesisRequest> = {}): Promise<AnalysisReport> {
  return synthesised({ reports: sampleAnalyserReports(), ...differing });
}

export function sampleAnalyserReports(): AnalyserReport[] {
  return [
    analyserReport('lint', [
      {
        ...at('src/checkout/PlaceOrder.ts', 88),
        rule: 'eslint(no-unused-vars)',
        level: 'warning',
        message: "'total' is assigned a value but never used.",
      },
      {
        ...at('src/stock/reserve.ts', 12),
        rule: 'typescript(no-floating-promises)',
        level: 'error',
        message: 'Promises must be awaited.',
        helpUri: 'https://oxc.rs/docs/guide/usage/linter/rules',
      },
      {
        ...at('src/stock/reserve.ts', 71),
        rule: 'typescript(no-floating-promises)',
        level: 'error',
        message: 'Promises must be awaited.',
      },
      { ...at('src/mail/send.ts', 3), rule: 'eslint(no-unused-vars)', level: 'warning', message: "'retry' is declared but never used." },
    ]),
    analyserReport(
      'complexity',
      [{ ...at('src/checkout/PlaceOrder.ts', 1), rule: 'file-complexity', level: 'error', message: 'A cyclomatic complexity of 143.' }],
      SHAPES,
    ),
    analyserReport('duplication', [
      {
        ...at('src/checkout/prices.ts', 40, 78),
        rule: 'clone',
        level: 'warning',
        message: '39 lines are the same as in src/stock/Warehouse.ts.',
        related: [at('src/stock/Warehouse.ts', 102, 140)],
      },
    ]),
    analyserReport('dead-code', [
      { ...at('src/mail/send.ts', 3), rule: 'unused-export', level: 'warning', message: 'Nothing imports `retry`.' },
    ]),
    analyserReport('cycles', [
      {
        ...at('src/checkout/index.ts', 1),
        rule: 'no-circular',
        level: 'error',
        message: 'A cycle of three files.',
        related: [at('src/checkout/prices.ts', 2), at('src/stock/reserve.ts', 4)],
      },
    ]),
    analyserReport('history', [], CHANGES),
    analyserReport('secrets', [
      { ...at('config/production.ts', 17), rule: '@secretlint/secretlint-rule-aws', level: 'error', message: 'An AWS access key id.' },
    ]),
  ];
}
