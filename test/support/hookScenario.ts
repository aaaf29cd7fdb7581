/** One orchestration that uses every hook, and what each of them brings about; built with and without defects of the driver. */
import { IsIn, IsInt } from 'class-validator';
import { Container } from 'inversify';
import {
  type Call,
  type CoordinationStrategy,
  command,
  type EventContext,
  type EventHandlingResults,
  type EventRouting,
  embeddedEngine,
  type Interactions,
  OrchestrationCommand,
  type OrchestrationPlan,
  type OrchestrationReport,
  operation,
  type StateManagementResults,
  type StateObservation,
  type StateSynchronization,
  System,
  scope,
  sixfoldModule,
  startSixfold,
} from '../../src/index.js';

const CASES = ['plain', 'inconsistent', 'finding', 'ill', 'infeasible', 'differing', 'refusing strategy'] as const;

class Params {
  @IsIn(CASES)
  what!: (typeof CASES)[number];
}

class Job {
  @IsInt()
  n!: number;
}

class Told {
  n!: number;
}

class Worker extends System {
  ill = false;
  version = '1';

  override async checkHealth(): Promise<void> {
    if (this.ill) throw new Error('ill');
  }

  override async observeState(): Promise<readonly StateObservation[]> {
    return [{ key: 'schema', version: this.version }];
  }

  @operation({ input: Job })
  async work({ n }: Job, call: Call): Promise<void> {
    for (const told of ['a', 'b', 'c', 'd', 'e']) call.emit(told, { n });
  }
}

const needed = new Worker();
const other = new Worker();
const seen: string[] = [];

@command({ name: 'all-hooks', params: Params })
class AllHooks extends OrchestrationCommand<Params, string> {
  private what: Params['what'] = 'plain';

  defineOrchestrationScope({ params }: { params: Params }) {
    this.what = params.what;
    const after = params.what === 'infeasible' ? ({ needed: ['other'], other: ['needed'] } as const) : {};
    return scope({ systems: { needed, other }, after, events: { a: Told, b: Told, c: Told, d: Told, e: Told } });
  }

  async coordinateSystemInteractions({ systems }: Interactions<this>): Promise<string> {
    await systems.needed.work({ n: 1 });
    return 'worked';
  }

  async manageOrchestrationState(): Promise<StateManagementResults> {
    if (this.what === 'finding') {
      return { consistent: true, findings: [{ subject: 'needed', expected: '1', found: '2', severity: 'error' }] };
    }
    return { consistent: this.what !== 'inconsistent' };
  }

  async handleOrchestrationEvents({ event, delivery }: EventContext<this>): Promise<EventHandlingResults> {
    seen.push(`${event.type}${delivery}`);
    if (event.type === 'a') return 'ignored';
    if (event.type === 'b') return { rejected: 'not ours' };
    if (event.type === 'c' && delivery === 1) return { retryAfterMs: 0 };
    return 'handled';
  }

  override customizeCoordinationStrategy(): CoordinationStrategy {
    const refuses = this.what === 'refusing strategy';
    return {
      name: 'noting',
      coordinate: async (body) => {
        seen.push('coordinated');
        return body();
      },
      interact: async (_interaction, next) => {
        if (refuses) throw new Error('refused by the strategy');
        return next();
      },
    };
  }

  override customizeStateSynchronization(_plan: OrchestrationPlan): StateSynchronization {
    return {
      name: 'strict',
      synchronize: async (observed) =>
        new Set(observed.map(({ version }) => version)).size > 1
          ? [{ subject: 'schema', expected: 'one', found: 'two', severity: 'error' }]
          : [],
    };
  }

  override customizeEventRouting(): EventRouting {
    return { name: 'without d', route: ({ type }) => (type === 'd' ? 'drop' : { key: 'all' }) };
  }
}

/** Everything that the hooks bring about, over all cases. */
export async function whatHooksBringAbout(): Promise<unknown> {
  const told: unknown[] = [];
  for (const what of CASES) {
    seen.length = 0;
    needed.ill = what === 'ill';
    other.version = what === 'differing' ? '2' : '1';
    const container = new Container();
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [AllHooks], logger }));
    await using runner = await startSixfold(container);
    const plan = await runner.plan(AllHooks, { what });
    const outcome = (await (await runner.start(AllHooks, { what })).outcome()) as Awaited<ReturnType<typeof outcomeType>>;
    const { status, findings, events } = outcome;
    const end = outcome.status === 'completed' ? outcome.result : outcome.error.code;
    told.push({
      what,
      status,
      end,
      findings,
      events,
      seen: [...seen],
      pattern: plan.pattern,
      systems: plan.systems.map(({ name }) => name),
    });
  }
  return told;
}

declare function outcomeType(): Promise<import('../../src/index.js').Outcome<string> & OrchestrationReport>;
