/** Lines of a run, as the host's own winston writes them. */
import { Writable } from 'node:stream';
import { createLogger, format, transports } from 'winston';
import { type Call, command, type Interactions, OrchestrationCommand, operation, System, scope } from '../../../src/index.js';
import { commandOf, NoParams, open } from '../../support/application.js';

function recording() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { lines, logger: createLogger({ level: 'debug', format: format.json(), transports: [new transports.Stream({ stream })] }) };
}

it("every line of a run carries command, run, phase, step and trace, on the host's own winston logger", async () => {
  const { lines, logger } = recording();
  const Child = commandOf(async (ctx) => ctx.log.info('in the child'), { name: 'child' });
  const Command = commandOf(async (ctx) => {
    ctx.log.info('between steps', { run: 'not mine', order: 7 });
    await ctx.step('work', async (call) => {
      call.log.debug('through the call');
      ctx.log.warn('through the context');
      await new Promise(setImmediate);
      ctx.log.error('later');
    });
    await ctx.execute(Child, {});
  });
  await using runner = await open([Command, Child], { logger });
  const run = await runner.start(Command, {});
  await run.result();
  const own = { command: 'written', run: run.id, phase: 'execution', trace: run.id.replaceAll('-', '') };
  expect(lines.slice(0, 4)).toEqual([
    { level: 'info', message: 'between steps', order: 7, ...own },
    { level: 'debug', message: 'through the call', step: 'work', ...own },
    { level: 'warn', message: 'through the context', step: 'work', ...own },
    { level: 'error', message: 'later', step: 'work', ...own },
  ]);
  expect(lines[4]).toMatchObject({ message: 'in the child', command: 'child', phase: 'execution' });
  expect(lines[4]).not.toHaveProperty('step');
});

class Shelf extends System {
  @operation({})
  async count(call: Call): Promise<void> {
    call.log.info('counting');
  }
}

@command({ name: 'stocktaking', params: NoParams })
class Stocktaking extends OrchestrationCommand<NoParams, void> {
  defineOrchestrationScope() {
    return scope({ systems: { shelf: new Shelf() } });
  }
  async coordinateSystemInteractions({ systems }: Interactions<this>) {
    await systems.shelf.count();
  }
  async manageOrchestrationState() {
    return { consistent: true };
  }
  async handleOrchestrationEvents() {
    return 'ignored' as const;
  }
}

it('a system logs through its call, under the name of the interaction', async () => {
  const { lines, logger } = recording();
  await using runner = await open([Stocktaking], { logger });
  await runner.execute(Stocktaking, {});
  expect(lines).toMatchObject([{ message: 'counting', step: 'shelf.count', command: 'stocktaking', phase: 'execution' }]);
});

it('an orchestration has its activities and gates in the timeline', async () => {
  await using runner = await open([Stocktaking]);
  const { timeline } = await (await runner.start(Stocktaking, {})).outcome();
  expect(
    timeline.map(({ phase, activities, gates }) => [phase, activities.map(({ name }) => name), gates.map(({ name }) => name)]),
  ).toEqual([
    ['planning', ['participant_system_identification', 'coordination_architecture_design'], []],
    [
      'validation',
      ['orchestration_feasibility_confirmation', 'system_availability_verification'],
      ['the plan can be carried out', 'the needed systems are available'],
    ],
    ['setup', [], []],
    ['execution', ['system_interaction_coordination'], []],
    ['completion', ['final_state_synchronization', 'system_consistency_validation'], ['the systems agree']],
    ['cleanup', [], []],
  ]);
});
