import { isCompatible } from '../../systems/versionRange.js';

export interface PlanDifference {
  /** A system, `system.operation`, a node of the graph, or `plan`. */
  readonly subject: string;
  /** What of it: `operation`, `effect`, `version`, `input total`, … */
  readonly what: string;
  /** Absent for what is new. */
  readonly before?: string;
  /** Absent for what is gone. */
  readonly after?: string;
  /** What worked with the earlier plan may not work with the later one. */
  readonly breaking: boolean;
}

/** Which change of a value breaks; undefined where there was, or is, none. */
export type Breaks = (before: string | undefined, after: string | undefined) => boolean;

/** One difference, or none where both are equal. Lists are compared as sets. */
export function changed(
  subject: string,
  what: string,
  [before, after]: readonly [unknown, unknown],
  breaks: Breaks = () => false,
): PlanDifference[] {
  const [was, is] = [textOf(before), textOf(after)];
  if (was === is) return [];
  const sides = { ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) };
  return [{ subject, what, ...sides, breaking: breaks(was, is) }];
}

export function gone(subject: string, what: string, before: string, breaking: boolean): PlanDifference[] {
  return [{ subject, what, before, breaking }];
}

export function added(subject: string, what: string, after: string, breaking = false): PlanDifference[] {
  return [{ subject, what, after, breaking }];
}

/** Semantic Versioning: what was written for the earlier one works with those in its caret range. */
export const breaksVersion: Breaks = (before, after) => before !== undefined && after !== undefined && !isCompatible(after, before);

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value))
    return value.length === 0
      ? undefined
      : value
          .map(String)
          .toSorted((one, other) => (one < other ? -1 : 1))
          .join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
