/**
 * Orders what was found by risk: how bad it is, times how much the word of its analyser weighs, times how often people
 * touch the file. `score = level weight × analyser weight × (1 + heat)`.
 */
import type { Hotspot, Recommendation, ResolvedFinding } from '../AnalysisReport.js';
import type { AnalyserName, Finding, Level } from '../Finding.js';
import { heatOf } from './hotspots.js';
import type { Measures } from './measures.js';
import { comparePlaces, compareText, groupBy, inTurn } from './order.js';
import { ANALYSER_WEIGHT, compareAnalysers, compareLevels, HOTSPOT_WEIGHT, LEVEL_WEIGHT } from './priority.js';
import { reasonOfFindings, reasonOfHotspot, titleOfFindings, titleOfHotspot } from './wording.js';

const RECOMMENDATIONS_MAX = 50;
/** A rule that fires everywhere is one decision, not fifty: the list shows its worst files, the findings have the rest. */
const PER_RULE_MAX = 5;
const PER_ANALYSER_MAX = 20;

/** The score of an error of the heaviest analyser in the hottest file. */
export const SCORE_MAX = LEVEL_WEIGHT.error * Math.max(...Object.values(ANALYSER_WEIGHT)) * 2;

export function scoreOf(finding: Pick<Finding, 'analyser' | 'level'>, heat: number): number {
  return score(finding.level, ANALYSER_WEIGHT[finding.analyser], heat);
}

/**
 * What to fix, most urgent first, at most 50. Findings of one rule in one file are one recommendation. Secrets are
 * never left out in favour of variety; of every other rule at most 5 files are listed, and of every other analyser 20.
 */
export function rank(
  findings: readonly ResolvedFinding[],
  hotspots: readonly Hotspot[],
  measures: ReadonlyMap<string, Measures>,
): Recommendation[] {
  const candidates = [...candidatesOf(findings, measures), ...hotspots.map(candidateOfHotspot)].sort(mostUrgentFirst);
  return selected(candidates).map((candidate, index) => recommendationOf(candidate, index + 1, measures));
}

interface Candidate {
  readonly score: number;
  readonly level: Level;
  readonly path: string;
  readonly line: number;
  /** Findings it stands for. */
  readonly places: number;
  readonly rule: string;
  readonly analyser: AnalyserName | 'hotspot';
  readonly subject: Subject;
}

type Subject = { readonly findings: Group } | { readonly hotspot: Hotspot };
type Group = readonly [ResolvedFinding, ...ResolvedFinding[]];

const mostUrgentFirst = inTurn<Candidate>(
  (left, right) => right.score - left.score,
  (left, right) => compareLevels(left.level, right.level),
  (left, right) => right.places - left.places,
  (left, right) => compareText(left.path, right.path),
  (left, right) => left.line - right.line,
  (left, right) => compareText(left.analyser, right.analyser),
  (left, right) => compareText(left.rule, right.rule),
);

const worstFirst = inTurn<ResolvedFinding>(
  (left, right) => compareLevels(left.level, right.level),
  comparePlaces,
  (left, right) => compareText(left.fingerprint, right.fingerprint),
);

function candidatesOf(findings: readonly ResolvedFinding[], measures: ReadonlyMap<string, Measures>): Candidate[] {
  const groups = groupBy(findings, ({ path, analyser, rule }) => JSON.stringify([path, analyser, rule]));
  return [...groups.values()].flatMap((group) => {
    const [worst, ...others] = group.toSorted(worstFirst);
    if (!worst) return [];
    const { path, startLine: line, level, analyser, rule } = worst;
    const known = measures.get(path);
    const points = scoreOf(worst, known ? heatOf(known) : 0);
    return { score: points, level, path, line, places: group.length, rule, analyser, subject: { findings: [worst, ...others] as const } };
  });
}

function candidateOfHotspot(hotspot: Hotspot): Candidate {
  const { path, level, heat } = hotspot;
  const points = score(level, HOTSPOT_WEIGHT, heat);
  return { score: points, level, path, line: 1, places: 1, rule: 'hotspot', analyser: 'hotspot', subject: { hotspot } };
}

/** The first of the ordered candidates that fit the limits. */
function selected(candidates: readonly Candidate[]): Candidate[] {
  const taken: Candidate[] = [];
  const perRule = new Map<string, number>();
  const perAnalyser = new Map<string, number>();
  const simplified = new Set<string>();
  for (const candidate of candidates) {
    if (taken.length === RECOMMENDATIONS_MAX) break;
    const { analyser, path } = candidate;
    // That a file is a hotspot and that it is complex ask for the same work; the more urgent of the two says it.
    const isShape = analyser === 'hotspot' || analyser === 'complexity';
    if (isShape && simplified.has(path)) continue;
    const rule = JSON.stringify([analyser, candidate.rule]);
    const isFull = (perRule.get(rule) ?? 0) >= PER_RULE_MAX || (perAnalyser.get(analyser) ?? 0) >= PER_ANALYSER_MAX;
    if (isFull && analyser !== 'secrets' && analyser !== 'hotspot') continue;
    if (isShape) simplified.add(path);
    perRule.set(rule, (perRule.get(rule) ?? 0) + 1);
    perAnalyser.set(analyser, (perAnalyser.get(analyser) ?? 0) + 1);
    taken.push(candidate);
  }
  return taken;
}

function recommendationOf(candidate: Candidate, position: number, measures: ReadonlyMap<string, Measures>): Recommendation {
  const { path, level, score: points, subject } = candidate;
  const common = { rank: position, score: points, level, path };
  if ('hotspot' in subject) {
    const { hotspot } = subject;
    const place = { startLine: 1, endLine: Math.max(1, hotspot.lines) };
    const words = { title: titleOfHotspot(hotspot), reason: reasonOfHotspot(hotspot) };
    return { ...common, ...place, ...words, analysers: ['complexity', 'history'] };
  }
  const [worst] = subject.findings;
  const analysers = subject.findings.flatMap(({ analyser, evidence }) => [analyser, ...evidence.map((loser) => loser.analyser)]);
  return {
    ...common,
    startLine: worst.startLine,
    endLine: worst.endLine,
    title: titleOfFindings(subject.findings),
    reason: reasonOfFindings(subject.findings, measures.get(path)),
    analysers: [...new Set(analysers)].sort(compareAnalysers),
    fingerprint: worst.fingerprint,
  };
}

/** Two decimals, so that equal risks compare equal. */
function score(level: Level, weight: number, heat: number): number {
  return Math.round(LEVEL_WEIGHT[level] * weight * (1 + heat) * 100) / 100;
}
