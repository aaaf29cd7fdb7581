/**
 * A start over a journal with many runs that have not ended. Its arguments are what it does and the journal; what it measures it
 * prints as JSON.
 *
 *   interrupt FILE COUNT  begins runs and dies when all are in their last step
 *   recover FILE COUNT    milliseconds from the start until all of them are back there
 *   put FILE COUNT        begins runs that wait for a signal, and are not loaded
 *   wake FILE COUNT       resident megabytes with so many waiting, and milliseconds until one that gets its signal goes on
 */
import { frontier, Interrupted, started, Waiting, woken } from './durableCommands.js';

const UNDER_WAY = 2000;
const WOKEN = 2000;
const [what, file, given] = process.argv.slice(2);
const count = Number(given);

/** Begins runs of a command, so many at a time. */
async function begin(runner, command, ended) {
  let left = count;
  const lane = async () => {
    for (; left > 0; ) {
      left -= 1;
      await ended(await runner.start(command, { count: left }));
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, lane));
}

function arrivals() {
  return new Promise((resolve) => {
    frontier.arrived = () => {
      if (frontier.reached === count) resolve();
    };
  });
}

const WORK = {
  async interrupt() {
    const runner = await started({ file, durability: 'process' });
    const all = Promise.withResolvers();
    let held = 0;
    frontier.hold = () => {
      held += 1;
      if (held === count) all.resolve();
      return new Promise(() => undefined);
    };
    await begin(runner, Interrupted, () => undefined);
    await all.promise;
    process.kill(process.pid, 'SIGKILL');
  },
  async recover() {
    frontier.hold = () => new Promise(() => undefined);
    const arrived = arrivals();
    const before = performance.now();
    await started({ file });
    await arrived;
    report({ ms: performance.now() - before });
  },
  async put() {
    const runner = await started({ file, durability: 'process', unloadAfterMs: 0 });
    await begin(runner, Waiting, () => undefined);
    await runner[Symbol.asyncDispose]();
  },
  async wake() {
    const runner = await started({ file, unloadAfterMs: 0 });
    globalThis.gc?.();
    const resident = process.memoryUsage.rss() / 2 ** 20;
    const ids = (await runner.runs(WOKEN)).map(({ id }) => id);
    const took = [];
    for (const id of ids) {
      const gone = new Promise((resolve) => {
        woken.tell = resolve;
      });
      const before = performance.now();
      await runner.notify(id, 'go', { count: 1 });
      const told = performance.now();
      await gone;
      took.push({ all: performance.now() - before, load: performance.now() - told });
    }
    const p99 = (name) => took.map((each) => each[name]).sort((a, b) => a - b)[Math.floor(took.length * 0.99)];
    report({ resident, residentAfter: process.memoryUsage.rss() / 2 ** 20, loadP99: p99('load'), allP99: p99('all') });
  },
};

function report(figures) {
  process.stdout.write(JSON.stringify(figures));
  process.exit(0);
}

await WORK[what]();
