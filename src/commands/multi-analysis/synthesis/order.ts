/** Orders that are the same on every machine: by code unit, never by the locale. */
import type { Place } from '../Finding.js';

export type Comparer<T> = (left: T, right: T) => number;

export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The first comparer that sees a difference decides. */
export function inTurn<T>(...comparers: readonly Comparer<T>[]): Comparer<T> {
  return (left, right) => {
    for (const compare of comparers) {
      const difference = compare(left, right);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

export const comparePlaces: Comparer<Place> = inTurn(
  (left, right) => compareText(left.path, right.path),
  (left, right) => left.startLine - right.startLine,
  (left, right) => left.endLine - right.endLine,
);

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
