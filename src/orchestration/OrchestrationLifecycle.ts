/**
 * What an orchestration does in each of the six phases.
 *
 * Owns: the plan, the strategies, the desk, the pump of one run on one load. Does not own: the order of the phases.
 * Invariants: nothing has an effect before the plan was found feasible and the needed systems healthy; the state is
 * checked before the result is accepted.
 */
import { inspect } from 'node:util';
import type { Preparation } from '../abstract/AbstractCommand.js';
import type { RecordedEvent } from '../abstract/DurableRun.js';
import type { LifecycleBodies } from '../abstract/Lifecycle.js';
import { forgottenAwait, type StateFinding } from '../abstract/RunReport.js';
import { CommandFailure, UsageError } from '../kernel/errors.js';
import { type DeclaredOperation, operationsOf } from '../systems/operation.js';
import type { StateObservation } from '../systems/System.js';
import type { Absent } from './Absent.js';
import { ConstraintGates } from './ConstraintGates.js';
import { centralized } from './coordination/Centralized.js';
import { compareVersions } from './coordination/compareVersions.js';
import type { GraphShape } from './coordination/graphShape.js';
import { routeBySource } from './coordination/routeBySource.js';
import { EventPump } from './EventPump.js';
import type { CoordinationResults, OrchestrationHooks } from './hooks.js';
import { InteractionDesk } from './InteractionDesk.js';
import type { OrchestrationReport } from './OrchestrationReport.js';
import type { OrchestrationPlan } from './plan/OrchestrationPlan.js';
import { planDraft } from './plan/PlanDraft.js';
import { patterned, planOf } from './plan/planOf.js';
import { checkSystems } from './SystemCheck.js';
import { type AnyScope, type NamedSystem, namedSystems } from './scope.js';
import type { CoordinationStrategy, EventRouting, StateSynchronization } from './strategies.js';

interface Prepared {
  readonly scope: AnyScope;
  readonly named: readonly NamedSystem[];
  readonly plan: OrchestrationPlan;
  readonly shape: GraphShape | undefined;
  readonly strategy: CoordinationStrategy;
  readonly synchronization: StateSynchronization;
  readonly routing: EventRouting;
}

/** Plans without running. */
export async function planCommand(command: OrchestrationHooks<unknown>, name: string, params: object): Promise<OrchestrationPlan> {
  return { ...design(command, name, await scopeOf(command, params)).plan }; // As data: nothing of the scope is kept for it.
}

/** The operation that a step of the command is a call of, by the name of the step; undefined where it is none. */
export async function operationNamed(
  command: OrchestrationHooks<unknown>,
  step: string,
  params: object,
): Promise<DeclaredOperation | undefined> {
  const named = namedSystems(await scopeOf(command, params));
  const found = named.find(({ alias }) => step.startsWith(`${alias}.`));
  return found && operationsOf(found.system).get(step.slice(found.alias.length + 1));
}

async function scopeOf(command: OrchestrationHooks<unknown>, params: object): Promise<AnyScope> {
  const scope = await command.defineOrchestrationScope({ phase: 'planning', params } as never);
  refuseNoScope(scope, command);
  return scope;
}

function design(command: OrchestrationHooks<unknown>, name: string, scope: AnyScope): Prepared {
  const draft = planDraft(scope);
  const undecided = planOf(name, scope, draft);
  const strategy = command.customizeCoordinationStrategy?.(patterned(undecided, 'undecided')) ?? centralized();
  const plan = patterned(undecided, strategy.name);
  return {
    scope,
    named: namedSystems(scope),
    plan,
    shape: draft.graph?.shape,
    strategy,
    synchronization: command.customizeStateSynchronization?.(plan) ?? compareVersions(),
    routing: command.customizeEventRouting?.(plan) ?? routeBySource(),
  };
}

export class OrchestrationLifecycle<P extends object, R> implements LifecycleBodies<R> {
  private prepared: Prepared | undefined;
  private desk: InteractionDesk | undefined;
  private pump: EventPump | undefined;
  private found: readonly StateFinding[] = [];
  private constraints: ConstraintGates | undefined;

  constructor(
    private readonly command: OrchestrationHooks<R>,
    private readonly preparation: Preparation<P>,
    readonly resultHook = 'coordinateSystemInteractions',
  ) {}

  async planning(): Promise<void> {
    const { command, params, run } = this.preparation;
    const scope = await run.activity('participant_system_identification', () => scopeOf(this.command, params));
    this.prepared = await run.activity('coordination_architecture_design', async () => design(this.command, command, scope));
    if (scope.compensation) run.compensates(scope.compensation);
    if (scope.constraints) this.constraints = new ConstraintGates(run, scope.constraints);
  }

  async validation(): Promise<void> {
    const { run } = this.preparation;
    await run.activity('orchestration_feasibility_confirmation', async () => this.confirmFeasible());
    this.acquireChannels();
    await run.activity('system_availability_verification', () => this.verifyAvailable());
    const needed = this.known().named.flatMap(({ alias, optional }) => (optional ? [] : [alias]));
    await this.constraints?.judgeAvailability(needed, this.preparation.earlier);
  }

  private confirmFeasible(): void {
    const { command } = this.preparation;
    const errors = this.known().plan.risks.filter(({ severity }) => severity === 'error');
    this.judge(
      'the plan can be carried out',
      errors.map(({ reason }) => reason),
    );
    if (errors.length > 0) {
      throw new CommandFailure('PLAN_INFEASIBLE', `${command} cannot be carried out: ${errors.map(({ reason }) => reason).join('; ')}.`, {
        details: { risks: errors },
      });
    }
  }

  private async verifyAvailable(): Promise<void> {
    const { named, strategy, plan, scope } = this.known();
    const { run, command } = this.preparation;
    const desk = new InteractionDesk(run, { participants: named, strategy, plan, pivot: scope.pivot });
    this.desk = desk;
    const checked = await checkSystems(run, scope, named);
    const ill = checked.filter(({ trouble }) => trouble !== undefined);
    for (const { alias, optional, trouble } of ill) if (optional) desk.markAbsent(alias, trouble ?? '');
    const needed = ill.filter(({ optional }) => !optional).map(({ alias, trouble }) => ({ alias, why: `${alias} (${trouble})` }));
    const reasons = needed.map(({ why }) => why);
    this.judge('the needed systems are available', reasons);
    if (needed.length > 0) {
      throw new CommandFailure('SYSTEM_UNAVAILABLE', `${command} needs systems that are not available: ${reasons.join(', ')}.`, {
        details: { systems: needed.map(({ alias }) => alias) },
      });
    }
  }

  /** Channels are used from here on, and closed when the run leaves the process, unless another run uses them. */
  private acquireChannels(): void {
    const channels = new Set(this.known().named.flatMap(({ system }) => system.channel ?? []));
    for (const channel of channels) {
      channel.acquire();
      this.preparation.run.defer(() => channel.release());
    }
  }

  async setup(): Promise<void> {
    const { scope, routing } = this.known();
    if (!scope.events || Object.keys(scope.events).length === 0) return;
    const { run } = this.preparation;
    const { events } = run;
    const declared = scope.events;
    await run.activity('event_routing_configuration', async () => {
      events.declare(declared);
      const answer = (event: RecordedEvent, delivery: number) => this.handle(event, delivery);
      this.pump = new EventPump({ inbox: events, routing, answer, sleep: (durationMs) => run.sleep(durationMs) });
    });
  }

  execution(): Promise<R> {
    return this.preparation.run.activity('system_interaction_coordination', () => this.coordinate());
  }

  private async coordinate(): Promise<R> {
    const { plan, shape, strategy, scope } = this.known();
    const degrade = (absent: Absent): void => this.desk?.ledger.noteAbsent(absent);
    const body = () =>
      this.command.coordinateSystemInteractions(this.hookContext({ phase: 'execution', plan, graph: scope.interactions, shape, degrade }));
    if (!this.pump) return strategy.coordinate(body, plan);
    const coordinated = strategy.coordinate(body, plan).then(async (result) => {
      await this.preparation.run.events.close();
      return result;
    });
    const [result] = await Promise.all([coordinated, this.pump.run()]);
    return result;
  }

  async completion(result: R): Promise<void> {
    const { run } = this.preparation;
    const consistent = await run.activity('final_state_synchronization', () => this.synchronize(result));
    await run.activity('system_consistency_validation', async () => this.confirmConsistent(consistent));
    this.constraints?.judgeLatency();
  }

  /** @returns what the hook says; findings are kept */
  private async synchronize(result: R): Promise<boolean> {
    const { records: interactions = [], absent = [] } = this.desk?.ledger.outsideBranches ?? {};
    const results: CoordinationResults<R> = { result, interactions, absent, events: this.eventCounts };
    const managed = await this.command.manageOrchestrationState(this.hookContext({ phase: 'completion', results }));
    if (typeof managed?.consistent !== 'boolean') {
      throw new UsageError(
        'HOOK_RESULT_INVALID',
        `${this.command.constructor.name}.manageOrchestrationState returned ${inspect(managed)}. Return { consistent: true } or false, with findings.`,
        { details: { hook: 'manageOrchestrationState' } },
      );
    }
    const compared = await this.known().synchronization.synchronize(await this.observedStates());
    this.found = [...(managed.findings ?? []), ...compared];
    return managed.consistent;
  }

  private confirmConsistent(consistent: boolean): void {
    const broken = this.found
      .filter(({ severity, repaired }) => severity === 'error' && !repaired)
      .map(({ subject, expected, found }) => `${subject}: expected ${expected}, found ${found}`);
    const reasons = consistent || broken.length > 0 ? broken : ['manageOrchestrationState says so, without findings'];
    this.judge('the systems agree', reasons);
    if (reasons.length === 0) return;
    throw new CommandFailure('STATE_INCONSISTENT', `The systems do not agree: ${reasons.join('; ')}.`, {
      details: { findings: this.found },
    });
  }

  /** A gate of ours: passed when there is no reason against it. */
  private judge(name: string, reasons: readonly string[]): void {
    const gate = { name, severity: 'error', verdict: 'passed' } as const;
    this.preparation.run.noteGate(reasons.length === 0 ? gate : { ...gate, verdict: 'failed', found: reasons.join('; ') });
  }

  findings(): Omit<OrchestrationReport, 'timeline' | 'steps' | 'undone'> {
    const forgotten = this.desk?.unread() ?? [];
    const { records: interactions = [], absent = [] } = this.desk?.ledger.whole ?? {};
    return {
      degraded: absent.map(({ system, reason }) => ({ system, reason })),
      findings: [...this.found, ...forgotten.map(forgottenAwait)],
      interactions,
      events: this.eventCounts,
    };
  }

  private async handle(event: RecordedEvent, delivery: number) {
    return this.command.handleOrchestrationEvents(this.hookContext({ phase: 'execution', event, delivery }));
  }

  private async observedStates() {
    const missing = this.desk?.ledger.outsideBranches.absent ?? [];
    const showing = this.known().named.filter(
      ({ alias, system }) => system.observeState && !missing.some((absent) => absent.system === alias),
    );
    const shown = await Promise.all(
      showing.map(async ({ alias, system }) => {
        const states = await this.preparation.run.ask<readonly StateObservation[]>({
          name: `${alias}.observeState`,
          effect: 'read',
          body: async (_input, call) => (await system.observeState?.(call)) ?? [],
        });
        return states.map((state) => ({ ...state, system: alias }));
      }),
    );
    return shown.flat();
  }

  /** The parts that every hook gets, and its own. */
  private hookContext(own: object): never {
    const { params, run } = this.preparation;
    return { params, systems: this.desk?.systems, ctx: run, ...own } as never;
  }

  private known(): Prepared {
    if (!this.prepared) throw new Error('The planning phase has not run.');
    return this.prepared;
  }

  private get eventCounts() {
    return this.pump?.counts ?? { handled: 0, ignored: 0, dropped: 0, rejected: 0 };
  }
}

function refuseNoScope(scope: AnyScope | undefined, command: OrchestrationHooks<unknown>): void {
  if (typeof scope === 'object' && scope !== null && typeof scope.systems === 'object' && scope.systems !== null) return;
  throw new UsageError(
    'SCOPE_INVALID',
    `${command.constructor.name}.defineOrchestrationScope returned ${inspect(scope)}. Return scope({ systems: { … } }).`,
    { details: { class: command.constructor.name } },
  );
}
