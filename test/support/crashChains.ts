/**
 * Chains of crashes of real processes, several chains at a time.
 *
 * Owns: the processes. Does not own: at which points they die, whether a chain came to the right end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { type Death, linesOf, logOf, type Task } from './crashLog.js';
import type { Bundle } from './processBundle.js';

export interface Chain {
  readonly folder: string;
  readonly scenario: string;
  /** Of the first run, of the first recovery, and so on; then it comes to its end. */
  readonly deaths: readonly Death[];
}

/** A process goes on with a chain and, having ended it, with the next one: one start for each death. */
const TASKS_MAX = 16;

/** Takes every chain to its end. @param lanes processes at a time */
export async function runChains(chains: readonly Chain[], program: Bundle, lanes: number): Promise<void> {
  const waiting = [...chains];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      let taken: Chain[] = [];
      for (;;) {
        taken = [...taken, ...waiting.splice(0, TASKS_MAX - taken.length)].filter((chain) => !hasEnded(chain));
        if (taken.length === 0) return;
        await runProcess(taken, program);
      }
    }),
  );
}

function hasEnded({ folder }: Chain): boolean {
  return linesOf(logOf(folder)).at(-1)?.at === 'end';
}

/** A chain whose next process dies is the last that a process can do something for, but one may outlive its death. */
async function runProcess(chains: readonly Chain[], { file, env }: Bundle): Promise<void> {
  const tasks = chains.map(({ folder, scenario, deaths }): Task => {
    const died = linesOf(logOf(folder)).filter(({ at }) => at === 'killed').length;
    return { folder, scenario, death: deaths[died] };
  });
  const child = spawn(process.execPath, ['--no-warnings', file, JSON.stringify(tasks)], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (signal === 'SIGKILL') return;
  const unended = chains.filter((chain) => !hasEnded(chain));
  if (code !== 0 || unended.length > 0) {
    throw new Error(
      `a process ended with ${code}, and ${unended.map(({ folder }) => folder).join(', ') || 'no chain'} without an end. ${said}`,
    );
  }
}
