import type { Clock } from '../../kernel/Clock.js';
import { messageOf } from '../../kernel/errors.js';

export interface TidySettings {
  readonly clock: Clock;
  /** How long it may take. */
  readonly graceMs: number;
  warn(message: string): void;
}

export interface Tidying {
  readonly what: string;
  /** Undefined when nothing has to be waited for. */
  readonly tidy: () => Promise<void> | undefined;
}

/**
 * Tidies up one after the other, each within the grace; what is left behind is told, and no reason to fail a run.
 * Undefined when nothing has to be waited for.
 */
export function tidyUp(things: readonly Tidying[], settings: TidySettings): Promise<void> | undefined {
  let before: Promise<void> | undefined;
  for (const thing of things) before = before ? before.then(() => tidyOne(thing, settings)) : tidyOne(thing, settings);
  return before;
}

function tidyOne({ what, tidy }: Tidying, settings: TidySettings): Promise<void> | undefined {
  const leftBehind = (error: unknown): void => settings.warn(`${what} was not tidied up: ${messageOf(error)}`);
  try {
    const tidied = tidy();
    return tidied && withinGrace(tidied, settings).catch(leftBehind);
  } catch (error) {
    leftBehind(error);
    return undefined;
  }
}

async function withinGrace(tidied: Promise<void>, { clock, graceMs }: TidySettings): Promise<void> {
  let stop = (): void => undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    stop = clock.after(graceMs, () => reject(new Error(`it took longer than ${graceMs} ms`)));
  });
  try {
    await Promise.race([tidied, tooLate]);
  } finally {
    stop();
  }
}
