/**
 * How much the word of an analyser weighs. One table serves twice: the heavier analyser wins a conflict over a place,
 * and the weight is a factor of the rank.
 *
 * A secret does harm already, whatever else is wrong with its line. A cycle and dead code are seen only from the whole
 * graph, and deleting dead code settles what the others say of it. The measures of shape follow, then single lines.
 */
import { type AnalyserName, type Finding, LEVELS, type Level } from '../Finding.js';
import { type Comparer, comparePlaces, compareText, inTurn } from './order.js';

/** No two are equal: a tie would leave a conflict undecided. */
export const ANALYSER_WEIGHT: Readonly<Record<AnalyserName, number>> = {
  secrets: 4,
  cycles: 2,
  'dead-code': 1.4,
  complexity: 1.3,
  duplication: 1.2,
  lint: 1.1,
  history: 1,
};

/**
 * A hotspot weighs less than a secret, and by just so much that risk orders the three: with the heat of an error at
 * 0.6 or more, a secret in a hot file (36 × 1.6 = 57.6) outranks every hotspot (at most 27 × 2 = 54), and every hotspot
 * of level error (at least 27 × 1.6 = 43.2) outranks a secret that nobody comes near (36).
 */
export const HOTSPOT_WEIGHT = 3;

export const LEVEL_WEIGHT: Readonly<Record<Level, number>> = { error: 9, warning: 3, note: 1 };

/** Negative when `left` is worse. */
export function compareLevels(left: Level, right: Level): number {
  return LEVELS.indexOf(left) - LEVELS.indexOf(right);
}

export function worstLevel(first: Level, ...others: readonly Level[]): Level {
  return others.reduce((worst, level) => (compareLevels(level, worst) < 0 ? level : worst), first);
}

export const compareAnalysers: Comparer<AnalyserName> = (left, right) => ANALYSER_WEIGHT[right] - ANALYSER_WEIGHT[left];

/** Strongest first. Total over findings that differ in analyser, level, place, rule or message. */
export const compareStrength = inTurn<Finding>(
  (left, right) => compareAnalysers(left.analyser, right.analyser),
  (left, right) => compareLevels(left.level, right.level),
  comparePlaces,
  (left, right) => compareText(left.rule, right.rule),
  (left, right) => compareText(left.message, right.message),
);
