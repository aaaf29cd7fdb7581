/**
 * Where several analysers speak of the same place, the one of the highest priority has the word and the others become
 * its evidence. The result depends on what was found, never on who reported first.
 */
import type { ResolvedFinding } from '../AnalysisReport.js';
import type { Finding, Place } from '../Finding.js';
import { fingerprintsOf } from './fingerprint.js';
import { comparePlaces, compareText, groupBy } from './order.js';
import { compareStrength, worstLevel } from './priority.js';

/** A range of up to so many lines is a point in the code; a longer one is a block, and a block is not its first line. */
const POINT_LINES_MAX = 5;
/** Two blocks are practically the same when the shorter covers this share of the longer. */
const BLOCK_OVERLAP_MIN = 0.9;

/** Findings after the conflicts, by path and line. */
export function resolveConflicts(findings: readonly Finding[]): ResolvedFinding[] {
  const marked = [...fingerprintsOf(mergeDuplicates(findings))].map(([finding, fingerprint]) => ({ finding, fingerprint }));
  const byLine = groupBy(marked, ({ finding }) => JSON.stringify([finding.path, finding.startLine]));
  return [...byLine.values()].flatMap(decide).sort((left, right) => comparePlaces(left, right) || compareStrength(left, right));
}

/** Whether two findings that begin on the same line speak of the same thing. */
function samePlace(left: Place, right: Place): boolean {
  if (left.path !== right.path || left.startLine !== right.startLine) return false;
  const lines = [linesOf(left), linesOf(right)] as const;
  const longer = Math.max(...lines);
  return longer <= POINT_LINES_MAX || Math.min(...lines) / longer >= BLOCK_OVERLAP_MIN;
}

interface Marked {
  readonly finding: Finding;
  readonly fingerprint: string;
}

function decide(atOneLine: readonly Marked[]): ResolvedFinding[] {
  const decisions: { winner: Marked; evidence: Finding[] }[] = [];
  for (const marked of atOneLine.toSorted((left, right) => compareStrength(left.finding, right.finding))) {
    const { finding } = marked;
    const stronger = decisions.find(({ winner }) => winner.finding.analyser !== finding.analyser && samePlace(winner.finding, finding));
    if (stronger) stronger.evidence.push(finding);
    else decisions.push({ winner: marked, evidence: [] });
  }
  return decisions.map(({ winner: { finding, fingerprint }, evidence }) => {
    // A place is as bad as the worst that is said of it; else a weak word of a strong analyser would hide an error.
    const level = worstLevel(finding.level, ...evidence.map((loser) => loser.level));
    return { ...finding, level, evidence, fingerprint };
  });
}

/** One finding for those that say the same in the same words of the same place. */
function mergeDuplicates(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const { analyser, rule, path, startLine, endLine, message } = finding;
    const words = JSON.stringify([analyser, rule, path, startLine, endLine, message]);
    const known = merged.get(words);
    merged.set(words, known ? mergeTwo(known, finding) : finding);
  }
  return [...merged.values()];
}

/** The worse level, and everything that either relates to. Symmetric, so the order of the two does not matter. */
function mergeTwo(one: Finding, other: Finding): Finding {
  const [helpUri] = [one.helpUri, other.helpUri].filter((uri) => uri !== undefined).toSorted(compareText);
  const related = distinctPlaces([...(one.related ?? []), ...(other.related ?? [])]);
  const { related: _one, helpUri: _uri, ...same } = one;
  return {
    ...same,
    level: worstLevel(one.level, other.level),
    ...(related.length === 0 ? {} : { related }),
    ...(helpUri === undefined ? {} : { helpUri }),
  };
}

function distinctPlaces(places: readonly Place[]): Place[] {
  return places.toSorted(comparePlaces).filter((place, index, sorted) => {
    const previous = sorted[index - 1];
    return !previous || comparePlaces(previous, place) !== 0;
  });
}

function linesOf(place: Place): number {
  return place.endLine - place.startLine + 1;
}
