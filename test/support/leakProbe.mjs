/**
 * Waves of 10,000 runs, all of a wave under way at once, on an engine in memory. Prints the heap that is in use before
 * and after the last wave. Needs the built package and `node --expose-gc`.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { IsInt } from 'class-validator';
import { Container } from 'inversify';
import { command, embeddedEngine, PlainCommand, sixfoldModule, startSixfold } from 'sixfold';

const RUNS = 10_000;
/** They fill what is bounded, such as the journal's memory of ended runs, and compile the code. */
const WAVES_BEFORE = 2;

class Place {
  number;
}
IsInt()(Place.prototype, 'number');

let wave;
let closed = 0;

class Meet extends PlainCommand {
  async run({ number }, ctx) {
    ctx.defer(() => {
      closed += 1;
    });
    return ctx.step('meet', async () => {
      wave.arrived += 1;
      if (wave.arrived === RUNS) wave.complete.resolve();
      await wave.complete.promise;
      return number;
    });
  }
}
command({ name: 'meet', params: Place })(Meet);

async function runWave(runner) {
  wave = { arrived: 0, complete: Promise.withResolvers() };
  const numbers = await Promise.all(Array.from({ length: RUNS }, (_, number) => runner.execute(Meet, { number })));
  if (numbers.some((number, index) => number !== index)) throw new Error('a run gave the result of another');
}

/** Bytes, when what was under way has come to rest. */
async function heapInUse() {
  for (let pass = 0; pass < 5; pass += 1) {
    for (let turns = 0; turns < 10; turns += 1) await turn();
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const container = new Container();
container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [Meet], logger: silent }));
const runner = await startSixfold(container);
for (let done = 0; done < WAVES_BEFORE; done += 1) await runWave(runner);
const before = await heapInUse();
await runWave(runner);
const after = await heapInUse();
await runner[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ before, after, closed: closed / RUNS }));
