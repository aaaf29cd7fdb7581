/** The six phases, the hooks and the overrides, over an engine in memory and through the public door. */
import { IsOptional, IsString } from 'class-validator';
import { Container } from 'inversify';
import {
  Absent,
  type Call,
  type Class,
  type CoordinationStrategy,
  centralized,
  command,
  type EventContext,
  type EventHandlingResults,
  type EventRouting,
  embeddedEngine,
  type Interactions,
  type Logger,
  OrchestrationCommand,
  type OrchestrationPlan,
  type OrchestrationReport,
  type Outcome,
  operation,
  type StateContext,
  type StateManagementResults,
  type StateObservation,
  type StateSynchronization,
  System,
  scope,
  sixfoldModule,
  startSixfold,
  system,
} from '../../../src/index.js';
import { silent } from '../../support/engineHarness.js';

class Params {
  @IsOptional()
  @IsString()
  what?: string;
}
class Job {
  n!: number;
}
class Done {
  n!: number;
}
class Progress {
  n!: number;
}

/** A system whose behaviour a test can change. */
class Worker extends System {
  ill: string | undefined;
  version: string | undefined;
  active = 0;
  most = 0;
  readonly jobs: number[] = [];
  work: (n: number, call: Call) => Promise<void> = async () => undefined;

  override async checkHealth(): Promise<void> {
    if (this.ill !== undefined) throw new Error(this.ill);
  }

  override async observeState(): Promise<readonly StateObservation[]> {
    return this.version === undefined ? [] : [{ key: 'schema', version: this.version }];
  }

  @operation({ input: Job, output: Done })
  async run(job: Job, call: Call): Promise<Done> {
    this.active += 1;
    this.most = Math.max(this.most, this.active);
    this.jobs.push(job.n);
    await this.work(job.n, call).finally(() => {
      this.active -= 1;
    });
    return Object.assign(new Done(), { n: job.n });
  }
}

const needed = new Worker();
const extra = new Worker();
beforeEach(() => {
  for (const worker of [needed, extra])
    Object.assign(worker, { ill: undefined, version: undefined, most: 0, work: async () => undefined }).jobs.length = 0;
});

abstract class Base<R> extends OrchestrationCommand<Params, R> {
  defineOrchestrationScope() {
    return scope({ systems: { needed }, optional: { extra }, events: { progress: Progress } });
  }

  async manageOrchestrationState(_state: StateContext<this>): Promise<StateManagementResults> {
    return { consistent: true };
  }

  async handleOrchestrationEvents(_event: EventContext<this>): Promise<EventHandlingResults> {
    return 'handled';
  }
}

async function outcomeOf<R>(type: Class<OrchestrationCommand<Params, R>>, logger?: Logger): Promise<Outcome<R>> {
  const container = new Container();
  container.load(
    sixfoldModule({ engine: embeddedEngine({ file: ':memory:', graceMs: 20 }), commands: [type], ...(logger ? { logger } : {}) }),
  );
  await using runner = await startSixfold(container);
  return (await (await runner.start(type, {})).outcome()) as Outcome<R>;
}

@command({ name: 'pair', params: Params })
class Pair extends Base<readonly unknown[]> {
  async coordinateSystemInteractions({ systems }: Interactions<this>) {
    const [first, second] = await Promise.all([systems.needed.run({ n: 1 }), systems.extra.run({ n: 2 })]);
    return [first.n, second instanceof Absent ? `absent: ${second.reason}` : second.n];
  }
}

describe('systems that are missing', () => {
  it('an optional one that is ill is not tried, its operations give Absent, and the outcome says so', async () => {
    extra.ill = 'not installed';
    expect(await outcomeOf(Pair)).toMatchObject({
      status: 'completed',
      result: [1, 'absent: not installed'],
      degraded: [{ system: 'extra', reason: 'not installed' }],
    });
    expect(extra.jobs).toEqual([]);
  });

  it('an optional one that fails gives Absent with its reason, and the run goes on', async () => {
    extra.work = () => Promise.reject(new Error('crashed'));
    expect(await outcomeOf(Pair)).toMatchObject({ status: 'completed', result: [1, 'absent: crashed'], degraded: [{ system: 'extra' }] });
  });

  it('a needed one that is ill ends the run before any operation', async () => {
    needed.ill = 'port closed';
    expect(await outcomeOf(Pair)).toMatchObject({
      status: 'failed',
      error: { code: 'SYSTEM_UNAVAILABLE', message: 'pair needs systems that are not available: needed (port closed).' },
    });
    expect([...needed.jobs, ...extra.jobs]).toEqual([]);
  });

  it('a needed one that fails ends the run with its error', async () => {
    needed.work = () => Promise.reject(new TypeError('broken'));
    expect(await outcomeOf(Pair)).toMatchObject({ status: 'failed', error: { code: 'TypeError', message: 'broken' } });
  });
});

describe('the state after the interactions', () => {
  it('that differs between systems fails the run with both versions', async () => {
    Object.assign(needed, { version: '7' });
    Object.assign(extra, { version: '8' });
    expect(await outcomeOf(Pair)).toMatchObject({
      status: 'failed',
      error: {
        code: 'STATE_INCONSISTENT',
        message: expect.stringContaining('extra: schema: expected version 7, as needed has it, found version 8'),
      },
    });
  });

  it('that the command calls inconsistent fails the run, and its findings are in the outcome', async () => {
    const finding = { subject: 'order 1', expected: 'paid', found: 'open', severity: 'error' as const };
    @command({ name: 'inconsistent', params: Params })
    class Inconsistent extends Base<number> {
      async coordinateSystemInteractions() {
        return 1;
      }
      override async manageOrchestrationState({ results }: StateContext<this>) {
        return { consistent: results.result !== 1, findings: [finding] };
      }
    }
    expect(await outcomeOf(Inconsistent)).toMatchObject({ status: 'failed', error: { code: 'STATE_INCONSISTENT' }, findings: [finding] });
  });

  it('with a finding that cannot be kept fails the run, which still ends', async () => {
    @command({ name: 'odd-finding', params: Params })
    class OddFinding extends Base<number> {
      async coordinateSystemInteractions() {
        return 1;
      }
      override async manageOrchestrationState() {
        return {
          consistent: true,
          findings: [{ subject: 'x', expected: '1', found: (() => 2) as unknown as string, severity: 'warning' as const }],
        };
      }
    }
    expect(await outcomeOf(OddFinding, silent)).toMatchObject({ status: 'failed', error: { code: 'VALUE_NOT_CARRIED' }, findings: [] });
  });

  it('without an answer is a mistake that is named', async () => {
    @command({ name: 'silent-state', params: Params })
    class SilentState extends Base<number> {
      async coordinateSystemInteractions() {
        return 1;
      }
      override async manageOrchestrationState() {
        return undefined as unknown as StateManagementResults;
      }
    }
    expect(await outcomeOf(SilentState)).toMatchObject({
      error: { code: 'HOOK_RESULT_INVALID', message: expect.stringContaining('SilentState.manageOrchestrationState returned undefined') },
    });
  });
});

describe('mistakes in a hook', () => {
  it('a forgotten await is named, and its interaction still done', async () => {
    @command({ name: 'forgetful', params: Params })
    class Forgetful extends Base<string> {
      async coordinateSystemInteractions({ systems }: Interactions<this>) {
        void systems.needed.run({ n: 9 });
        return Promise.race([systems.needed.run({ n: 1 }), systems.needed.run({ n: 2 })]).then(() => 'raced');
      }
    }
    const outcome = await outcomeOf(Forgetful);
    expect(outcome).toMatchObject({ status: 'completed', result: 'raced' });
    expect(outcome.findings).toEqual([expect.objectContaining({ subject: 'needed.run', severity: 'warning' })]);
    expect(needed.jobs.toSorted((one, other) => one - other)).toEqual([1, 2, 9]);
  });

  it('a direct call of an operation is refused, with the remedy', async () => {
    @command({ name: 'direct', params: Params })
    class Direct extends Base<number> {
      async coordinateSystemInteractions() {
        await needed.run({ n: 1 }, {} as Call);
        return 1;
      }
    }
    expect(await outcomeOf(Direct)).toMatchObject({
      error: { code: 'OPERATION_BYPASSES_JOURNAL', message: expect.stringContaining("Call it through the hook's `systems` parameter") },
    });
    expect(needed.jobs).toEqual([]);
  });

  it('an operation that does not exist is refused, naming those that do', async () => {
    @command({ name: 'mistyped', params: Params })
    class Mistyped extends Base<number> {
      async coordinateSystemInteractions({ systems }: Interactions<this>) {
        (systems.needed as unknown as { start(): void }).start();
        return 1;
      }
    }
    expect(await outcomeOf(Mistyped)).toMatchObject({
      error: { code: 'OPERATION_UNKNOWN', message: expect.stringContaining('it declares run') },
    });
  });

  it('a scope that is none is refused', async () => {
    @command({ name: 'scopeless', params: Params })
    class Scopeless extends Base<number> {
      override defineOrchestrationScope() {
        return undefined as never;
      }
      async coordinateSystemInteractions() {
        return 1;
      }
    }
    expect(await outcomeOf(Scopeless)).toMatchObject({ error: { code: 'SCOPE_INVALID' } });
  });
});

describe('a plan that cannot be carried out', () => {
  class Missing extends System {}
  @system({ requires: [Missing] })
  class Lonely extends Worker {}
  class Empty extends System {}
  const one = new Worker();
  const two = new Worker();

  it.each([
    [
      'a cycle',
      scope({ systems: { one, two }, after: { one: ['two'], two: ['one'] } }),
      'systems wait for one another: one after two after one',
    ],
    [
      'an unknown name',
      scope({ systems: { one }, after: { one: ['too' as 'one'] } }),
      '`after` names "too", which is no system of the scope (one)',
    ],
    ['a missing requirement', scope({ systems: { lonely: new Lonely() } }), 'lonely requires Missing, and the scope has none'],
    ['a system without operations', scope({ systems: { empty: new Empty() } }), 'empty declares no @operation'],
  ])('%s is refused before anything happens, with all reasons', async (_what, given, reason) => {
    @command({ name: 'infeasible', params: Params })
    class Infeasible extends OrchestrationCommand<Params, number> {
      defineOrchestrationScope() {
        return given as ReturnType<typeof scope>;
      }
      async coordinateSystemInteractions() {
        return 1;
      }
      async manageOrchestrationState() {
        return { consistent: true };
      }
      async handleOrchestrationEvents() {
        return 'ignored' as const;
      }
    }
    expect(await outcomeOf(Infeasible)).toMatchObject({
      status: 'failed',
      error: { code: 'PLAN_INFEASIBLE', message: expect.stringContaining(reason) },
    });
  });
});

describe('the overrides', () => {
  @command({ name: 'many', params: Params })
  class Many extends Base<number> {
    async coordinateSystemInteractions({ systems }: Interactions<this>) {
      await Promise.all([1, 2, 3, 4, 5].map((n) => systems.needed.run({ n })));
      return needed.most;
    }
  }
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

  it('the standard strategy runs interactions side by side', async () => {
    needed.work = slow;
    expect(await outcomeOf(Many)).toMatchObject({ result: 5 });
  });

  it('a strategy limits and wraps interactions, and is named in the plan', async () => {
    const seen: string[] = [];
    @command({ name: 'limited', params: Params })
    class Limited extends Many {
      override customizeCoordinationStrategy(_plan: OrchestrationPlan): CoordinationStrategy {
        const inner = centralized({ concurrencyMax: 2 });
        return {
          ...inner,
          name: 'limited',
          interact: (interaction, next, plan) => {
            seen.push(`${interaction.system}.${interaction.operation}`);
            return inner.interact?.(interaction, next, plan) ?? next();
          },
        };
      }
    }
    needed.work = slow;
    expect(await outcomeOf(Limited)).toMatchObject({ result: 2 });
    expect(seen).toHaveLength(5);
  });

  it('one strategy may serve several runs at once, and a limit below one is refused', async () => {
    const shared = centralized({ concurrencyMax: 1 });
    @command({ name: 'sharing', params: Params })
    class Sharing extends Many {
      override customizeCoordinationStrategy() {
        return shared;
      }
    }
    const outcomes = await Promise.all([outcomeOf(Sharing), outcomeOf(Sharing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(() => centralized({ concurrencyMax: 0 })).toThrow('at least one interaction must be allowed at a time');
  });

  it('a synchronisation decides what counts as different', async () => {
    @command({ name: 'tolerant', params: Params })
    class Tolerant extends Pair {
      override customizeStateSynchronization(): StateSynchronization {
        return {
          name: 'tolerant',
          synchronize: async (observed) =>
            observed.length === 2 ? [] : [{ subject: 'states', expected: '2', found: String(observed.length), severity: 'error' }],
        };
      }
    }
    Object.assign(needed, { version: '7' });
    Object.assign(extra, { version: '8' });
    expect(await outcomeOf(Tolerant)).toMatchObject({ status: 'completed' });
  });

  it('a routing drops events and keeps those of one key in order, one at a time', async () => {
    const handled: string[] = [];
    let active = 0;
    @command({ name: 'routed', params: Params })
    class Routed extends Base<number> {
      async coordinateSystemInteractions({ systems }: Interactions<this>) {
        await systems.needed.run({ n: 1 });
        return handled.length;
      }
      override async handleOrchestrationEvents({ event, ctx }: EventContext<this>): Promise<EventHandlingResults> {
        active += 1;
        expect(active).toBe(1);
        await ctx.step(`handle ${event.data.n}`, async () => handled.push(`${event.type} ${event.data.n}`));
        active -= 1;
        return event.data.n === 3 ? { rejected: 'too late' } : 'handled';
      }
      override async manageOrchestrationState({ results }: StateContext<this>) {
        expect(results.events).toEqual({ handled: 1, ignored: 0, dropped: 1, rejected: 1 });
        return { consistent: true };
      }
      override customizeEventRouting(): EventRouting {
        return { name: 'odd', route: ({ data }) => ((data as Progress).n % 2 === 0 ? 'drop' : { key: 'all' }) };
      }
    }
    needed.work = async (_n, call) => {
      for (const n of [1, 2, 3]) call.emit('progress', { n });
    };
    expect(await outcomeOf(Routed)).toMatchObject({ status: 'completed' });
    expect(handled).toEqual(['progress 1', 'progress 3']);
  });

  it('an event handler that throws fails the run', async () => {
    @command({ name: 'throwing', params: Params })
    class Throwing extends Base<number> {
      async coordinateSystemInteractions({ systems }: Interactions<this>) {
        await systems.needed.run({ n: 1 });
        return 1;
      }
      override async handleOrchestrationEvents(): Promise<EventHandlingResults> {
        throw new Error('cannot handle');
      }
    }
    needed.work = async (_n, call) => call.emit('progress', { n: 1 });
    expect(await outcomeOf(Throwing)).toMatchObject({ status: 'failed', error: { message: 'cannot handle' } });
  });
});

describe('the context', () => {
  it('closes what was deferred in reverse order after success and failure, also when one cannot be closed', async () => {
    const closed: string[] = [];
    const lines: string[] = [];
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (message) => lines.push(message),
    };
    @command({ name: 'deferring', params: Params })
    class Deferring extends Base<number> {
      async coordinateSystemInteractions({ ctx }: Interactions<this>): Promise<number> {
        ctx.defer(() => void closed.push('first'));
        ctx.defer(() => Promise.reject(new Error('stuck')));
        ctx.defer(() => void closed.push('last'));
        throw new Error('failed');
      }
    }
    expect(await outcomeOf(Deferring, logger)).toMatchObject({ status: 'failed' });
    expect(closed).toEqual(['last', 'first']);
    expect(lines).toEqual([expect.stringContaining('stuck')]);
  });

  it('gives every line command, run and phase', async () => {
    const fields: object[] = [];
    const logger: Logger = {
      debug: () => undefined,
      info: (_message, own) => fields.push(own ?? {}),
      warn: () => undefined,
      error: () => undefined,
    };
    @command({ name: 'talking', params: Params })
    class Talking extends Base<string> {
      async coordinateSystemInteractions({ ctx }: Interactions<this>) {
        ctx.log.info('hello', { own: 1 });
        return ctx.runId;
      }
    }
    const outcome = await outcomeOf(Talking, logger);
    expect(fields).toEqual([
      { own: 1, command: 'talking', run: outcome.runId, phase: 'execution', trace: outcome.runId.replaceAll('-', '') },
    ]);
  });
});

describe('an interaction inside a branch', () => {
  const shown: unknown[] = [];

  @command({ name: 'branched', params: Params })
  class Branched extends Base<number> {
    async coordinateSystemInteractions({ systems, ctx }: Interactions<this>) {
      await systems.needed.run({ n: 1 });
      return ctx.branch('part', async () => {
        await systems.extra.run({ n: 2 });
        return (await systems.needed.run({ n: 3 })).n;
      });
    }
    override async manageOrchestrationState({ results }: StateContext<this>) {
      shown.push(
        results.interactions.map(({ system: alias }) => alias),
        results.absent.length,
      );
      return { consistent: true };
    }
  }

  it('is in the outcome, and not in what the hooks see, which a resumed run could not give them again', async () => {
    extra.work = () => Promise.reject(new Error('out of order'));
    const outcome = (await outcomeOf(Branched)) as Outcome<number> & OrchestrationReport;
    expect(outcome).toMatchObject({ status: 'completed', result: 3, degraded: [{ system: 'extra' }] });
    expect(outcome.interactions.map(({ system: alias, status }) => `${alias} ${status}`)).toEqual([
      'needed succeeded',
      'extra absent',
      'needed succeeded',
    ]);
    expect(shown).toEqual([['needed'], 0]);
  });
});
