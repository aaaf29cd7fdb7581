/** What tests of runs that wait have in common: turns of the event loop, a clock that is moved, a signal. */
import type { CommandRunner } from '../../src/index.js';
import type { ManualClock } from './ManualClock.js';

export const DAY = 86_400_000;

/** What a signal says. */
export class Word {
  text!: string;
}

/** Lets everything go on that waits for nothing from outside. */
export async function settle(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** So many looks in turns of the event loop, then in milliseconds: at most 10 s. */
const LOOKS_QUICK = 300;
const LOOKS_MAX = 3000;
const LOOK_EVERY_MS = 5;

/** Lets the engine go on until it is so. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const begun = Date.now();
  for (let look = 0; look < LOOKS_MAX && Date.now() - begun < 10_000; look += 1) {
    if (await holds()) return;
    if (look < LOOKS_QUICK) await settle(1);
    else await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error('It did not become so.');
}

export async function stateOf(runner: CommandRunner, id: string): Promise<string> {
  return (await runner.history(id)).state;
}

/** Lets time go on until the run is put aside, with a clock that stands otherwise. */
export async function untilAside(runner: CommandRunner, clock: ManualClock, id: string): Promise<void> {
  await until(async () => {
    clock.advance(10);
    return (await stateOf(runner, id)) === 'waiting';
  });
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
