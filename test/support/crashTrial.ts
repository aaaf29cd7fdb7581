/**
 * One chain of crashes: a scenario that is begun, dies, and is begun again until it has come to its end.
 *
 * Owns: the log of what happened in the world, in order. Does not own: who dies when, whether it was right.
 */
import { silentTelemetry } from '../../src/abstract/Telemetry.js';
import type { Clock } from '../../src/index.js';
import type { Call } from '../../src/kernel/Call.js';
import { open } from './application.js';
import type { Point, Side, WrittenRecord } from './crashPoints.js';
import { type Act, driveToEnd, type Ends, scenariosOf, type World } from './crashWorkload.js';

export type Line =
  /** A process takes the scenario up. */
  | { readonly at: 'begin' }
  | { readonly at: Act; readonly step: string; readonly key: string; readonly attempt: number; readonly value: unknown }
  | ({ readonly at: 'committed' } & WrittenRecord)
  | { readonly at: 'mended' }
  /** At a point, or at several that leave the same behind. */
  | { readonly at: 'killed'; readonly points: readonly Point[] }
  | { readonly at: 'end'; readonly ends: Ends };

/** The points at which a chain was cut off, in words. */
export function storyOf(lines: readonly Line[]): string {
  const deaths = lines.flatMap((line) => (line.at === 'killed' ? [line.points] : []));
  return deaths.map((points) => points.map(({ what, side }) => `${side} ${what.join('+')}`).join(' and ')).join(', then ');
}

/** Outside of every journal, and kept over a crash. */
export interface Log {
  readonly lines: readonly Line[];
  add(line: Line): void;
}

export interface Trial {
  readonly scenario: string;
  readonly file: string;
  readonly log: Log;
  readonly point: (what: readonly string[], side: Side) => void;
  readonly clock?: Clock;
}

class LoggedWorld implements World {
  constructor(private readonly trial: Trial) {}

  effect(act: Act, step: string, call: Call, value?: unknown): void {
    const { point, log } = this.trial;
    point([act], 'before');
    log.add({ at: act, step, key: call.key, attempt: call.attempt, value });
    point([act], 'after');
  }

  happened(key: string): boolean {
    return this.trial.log.lines.some((line) => line.at === 'once' && line.key === key);
  }

  mend(): void {
    if (!this.mended) this.trial.log.add({ at: 'mended' });
  }

  get mended(): boolean {
    return this.trial.log.lines.some(({ at }) => at === 'mended');
  }
}

/** Takes a scenario up, and goes on with it to its end unless something dies. */
export async function goOn(trial: Trial): Promise<void> {
  const { log, file, clock } = trial;
  log.add({ at: 'begin' });
  const scenario = scenariosOf(new LoggedWorld(trial)).find(({ name }) => name === trial.scenario);
  if (!scenario) throw new Error(`there is no scenario ${trial.scenario}`);
  const engine = { file, unloadAfterMs: 1, ...(clock ? { clock } : {}) };
  const runner = await open(scenario.commands, { engine, telemetry: silentTelemetry });
  const ends = await driveToEnd(scenario, runner);
  await runner[Symbol.asyncDispose]();
  log.add({ at: 'end', ends });
}
