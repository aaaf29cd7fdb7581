/** Commands of the durable rows, and the application around them. */
import { IsInt } from 'class-validator';
import { Container } from 'inversify';
import { command, embeddedEngine, PlainCommand, sixfoldModule, startSixfold } from 'sixfold';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

class Count {
  count;
}
IsInt()(Count.prototype, 'count');

/** So many steps one after the other. */
export class Steps extends PlainCommand {
  async run({ count }, ctx) {
    for (let n = 0; n < count; n += 1) await ctx.step('step', async () => n);
  }
}
command({ name: 'steps', params: Count })(Steps);

/** The same with an undo each. */
export class UndoableSteps extends PlainCommand {
  async run({ count }, ctx) {
    for (let n = 0; n < count; n += 1) await ctx.step('step', async () => n, { undo: async () => undefined });
  }
}
command({ name: 'undoable-steps', params: Count })(UndoableSteps);

/** Runs of `Interrupted` that have come to their last step, and what that step does. */
export const frontier = { reached: 0, arrived() {}, hold: async () => undefined };

/** Three steps, of which the last is the frontier of a run that was interrupted in it. */
export class Interrupted extends PlainCommand {
  async run({ count }, ctx) {
    await ctx.step('one', async () => count);
    await ctx.step('two', async () => count);
    frontier.reached += 1;
    frontier.arrived();
    await ctx.step('three', () => frontier.hold());
  }
}
command({ name: 'interrupted', params: Count })(Interrupted);

/** What becomes of `Waiting` that was told. */
export const woken = { tell() {} };

/** A step, then a signal that most of them never get. */
export class Waiting extends PlainCommand {
  async run({ count }, ctx) {
    await ctx.step('one', async () => count);
    await ctx.waitFor('go', { schema: Count });
    woken.tell();
  }
}
command({ name: 'waiting', params: Count })(Waiting);

/** @param {Partial<import('sixfold').EmbeddedEngineOptions> & { file: string }} engine */
export function started(engine) {
  const container = new Container();
  const commands = [Steps, UndoableSteps, Interrupted, Waiting];
  container.load(sixfoldModule({ engine: embeddedEngine(engine), commands, logger: silent }));
  return startSixfold(container);
}
