/**
 * The interactions of a random graph, seeded, with an operation that waits as a service does: called by a `GraphCommand` on a journal in
 * memory, and by plain promises behind `p-limit` in the same order under the same limit. By turns in this process. Prints as JSON the
 * medians of how long both take, and how long the plan of the command does, in milliseconds.
 */
import 'reflect-metadata';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { Container } from 'inversify';
import pLimit from 'p-limit';
import { centralized, command, embeddedEngine, from, GraphCommand, operation, System, scope, sixfoldModule, startSixfold } from 'sixfold';
import { median } from './figure.js';

const ROUNDS = 15;
const NODES = 1000;
const BEFORE_MAX = 4;
/** A node comes behind some of so many before it. */
const REACH = 200;
const AT_ONCE = 64;
/** Services do not answer in step. */
const SERVICE_MS_LEAST = 5;
const SERVICE_MS_MOST = 15;
const SEED = 20_260_711;

/** Park and Miller, "Random number generators: good ones are hard to find", 1988. */
function chanceOf(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** For each node those before it, and how long its service takes. */
function randomGraph() {
  const draw = chanceOf(SEED);
  return Array.from({ length: NODES }, (_node, index) => {
    const picks = Array.from({ length: draw(BEFORE_MAX + 1) }, () => index - 1 - draw(REACH));
    const before = [...new Set(picks)].filter((one) => one >= 0);
    return { before, takesMs: SERVICE_MS_LEAST + draw(SERVICE_MS_MOST - SERVICE_MS_LEAST + 1) };
  });
}

const graph = randomGraph();

/** One more than the greatest of those before it. */
const answer = (levels) => 1 + Math.max(0, ...levels);
const service = (index, levels) => new Promise((resolve) => setTimeout(() => resolve(answer(levels)), graph[index].takesMs));

function expectedSum() {
  const levels = [];
  for (const { before } of graph) levels.push(answer(before.map((one) => levels[one])));
  return levels.reduce((sum, level) => sum + level, 0);
}
const expected = expectedSum();

class Question {
  index;
  levels;
}
IsInt()(Question.prototype, 'index');
IsInt({ each: true })(Question.prototype, 'levels');
class Answer {
  level;
}
IsInt()(Answer.prototype, 'level');

class Services extends System {
  async ask({ index, levels }, _call) {
    return { level: await service(index, levels) };
  }
}
operation({ input: Question, output: Answer })(Services.prototype, 'ask', Object.getOwnPropertyDescriptor(Services.prototype, 'ask'));

class NoParams {
  what;
}
for (const rule of [IsOptional(), IsString()]) rule(NoParams.prototype, 'what');

class Walk extends GraphCommand {
  defineOrchestrationScope() {
    const interactions = Object.fromEntries(
      graph.map(({ before }, index) => {
        const levels = before.map((one) => from(`n${one}`, 'level'));
        return [`n${index}`, { call: 'services.ask', input: { index, levels } }];
      }),
    );
    return scope({ systems: { services: new Services() }, interactions });
  }

  aggregateResults({ done }) {
    return graph.reduce((sum, _node, index) => sum + done.get(`n${index}`).level, 0);
  }

  customizeCoordinationStrategy() {
    return centralized({ concurrencyMax: AT_ONCE });
  }
}
command({ name: 'walk', params: NoParams })(Walk);

async function unjournaled() {
  const limit = pLimit(AT_ONCE);
  const answers = [];
  for (const [index, { before }] of graph.entries()) {
    answers.push(Promise.all(before.map((one) => answers[one])).then((levels) => limit(() => service(index, levels))));
  }
  return (await Promise.all(answers)).reduce((sum, level) => sum + level, 0);
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const container = new Container();
container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [Walk], logger: silent }));
const runner = await startSixfold(container);

async function timeOf(work, gives) {
  const before = performance.now();
  const given = await work();
  const tookMs = performance.now() - before;
  if (gives !== undefined && given !== gives) throw new Error(`it gave ${given} instead of ${gives}`);
  return tookMs;
}

const contestants = {
  ours: [() => runner.execute(Walk, {}), expected],
  theirs: [unjournaled, expected],
  plan: [() => runner.plan(Walk, {})],
};
const times = { ours: [], theirs: [], plan: [] };
for (let round = 0; round <= ROUNDS; round += 1) {
  const entries = Object.entries(contestants);
  const first = round % entries.length;
  for (const [name, [work, gives]] of [...entries.slice(first), ...entries.slice(0, first)]) {
    const tookMs = await timeOf(work, gives);
    if (round > 0) times[name].push(tookMs); // The first one compiles.
  }
}
await runner[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))));
