/**
 * The context of one run on one load: what commands see of it, over the durable primitives.
 *
 * Owns: the present phase, the timeline, what was opened. Does not own: the journal, the promise of any step, what may still be
 * begun and what is undone.
 */

import { AskedPromise, UnreadAsks } from '../kernel/AskedPromise.js';
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import type { Clock } from '../kernel/Clock.js';
import { messageOf } from '../kernel/errors.js';
import type { Logger } from '../kernel/Logger.js';
import { presentBranch, presentStep } from '../kernel/whereabouts.js';
import type { ChildCommands } from './ChildCommands.js';
import { Closers } from './Closers.js';
import type { BranchOptions, CommandContext, GateCheck, GateOptions, Reversal, SignalOptions, StepOptions } from './CommandContext.js';
import { PATIENCE } from './Compensation.js';
import { attachedChild, type ChildAsk, childUndoing, detachedChild } from './childSteps.js';
import type { DurableRun, EventInbox, Observation, StepRequest } from './DurableRun.js';
import { checkedDuration } from './duration.js';
import type { EffectRole, Undoing } from './EffectTrace.js';
import { PHASES, type Phase, type PhaseTimeouts } from './Phase.js';
import { type CompensationWish, RunCourse } from './RunCourse.js';
import { RunGates } from './RunGates.js';
import { RunLogger } from './RunLogger.js';
import { type Findings, forgottenAwait, notClosed, type RunReport } from './RunReport.js';
import { deadlinePassed, phaseTimedOut, runContinues, runFailed } from './runStops.js';
import { checkedSignal, readSignal, signalTimedOut } from './signal.js';
import { type GateRecord, Timeline } from './Timeline.js';
import type { TypedCommand } from './TypedCommand.js';

interface RunIdentity {
  readonly command: string;
  readonly principal: unknown;
  readonly deadline: Date | undefined;
}

/** What a successor of the run may be given. */
export interface SuccessorParams {
  /** @throws UsageError `PARAMS_INVALID` */
  readParams(given: object): object | Promise<object>;
}

export interface RunContextParts {
  readonly durable: DurableRun;
  readonly identity: RunIdentity;
  readonly timeoutsMs: PhaseTimeouts;
  readonly logger: Logger;
  readonly redact: (text: string) => string;
  readonly children: ChildCommands;
  readonly successor: SuccessorParams;
}

interface ExecuteChild {
  readonly key?: string;
  readonly undo?: { readonly command: Class<TypedCommand>; readonly params: (result: never) => object };
}

const NO_ROLE: EffectRole = {};
const ENTERED = Object.fromEntries(PHASES.map((phase) => [phase, { type: 'phase', phase }])) as Record<Phase, Observation>;

export class RunContext implements CommandContext {
  private readonly durable: DurableRun;
  private readonly timeline = new Timeline();
  private readonly closers = new Closers();
  private logger: Logger | undefined;
  private unreadAsks: UnreadAsks | undefined;
  private madeCourse: RunCourse | undefined;
  private madeGates: RunGates | undefined;
  private phase: Phase = 'planning';
  private endPhaseLimit: (() => void) | undefined;
  private closingErrors: readonly unknown[] = [];

  constructor(private readonly parts: RunContextParts) {
    const { durable, identity } = parts;
    this.durable = durable;
    const { deadline } = identity;
    if (deadline) durable.limit({ name: 'deadline', until: deadline, passed: () => deadlinePassed(identity.command, deadline) });
  }

  get log(): Logger {
    const { durable, identity, logger, redact } = this.parts;
    this.logger ??= new RunLogger({
      target: logger,
      redact,
      silent: () => durable.replaying,
      origin: () => originOf(durable, { command: identity.command, phase: this.phase }),
    });
    return this.logger;
  }

  /** Made when something is asked for, as a short run's cost counts. */
  private get course(): RunCourse {
    this.madeCourse ??= new RunCourse(this.durable);
    return this.madeCourse;
  }

  get runId(): string {
    return this.durable.id;
  }

  get signal(): AbortSignal {
    return this.durable.signal;
  }

  get deadline(): Date | undefined {
    return this.parts.identity.deadline;
  }

  get principal(): unknown {
    return this.parts.identity.principal;
  }

  get events(): EventInbox {
    return this.durable.events;
  }

  /** Real time, for attempts. */
  get clock(): Clock {
    return this.durable.clock;
  }

  now(): Date {
    return new Date(this.durable.time);
  }

  uuid(): string {
    return this.durable.uuid();
  }

  random(): number {
    return this.durable.random();
  }

  /** Ends the present phase and begins the next, with its time limit. */
  enter(phase: Phase): void {
    this.endPhaseLimit?.();
    this.phase = phase;
    const { time } = this.durable;
    this.timeline.enter(phase, time);
    this.durable.observe(ENTERED[phase]);
    const timeoutMs = phase === 'cleanup' ? undefined : this.parts.timeoutsMs[phase];
    this.endPhaseLimit = timeoutMs === undefined ? undefined : this.limitPhase(phase, timeoutMs);
  }

  private limitPhase(phase: Phase, timeoutMs: number): () => void {
    const until = new Date(this.durable.time + timeoutMs);
    return this.durable.limit({
      name: phase,
      until,
      relative: true,
      passed: () => phaseTimedOut(this.parts.identity.command, phase, timeoutMs),
    });
  }

  step<T>(name: string, body: (call: Call) => Promise<T>, options: StepOptions & Reversal<T> = {}): Promise<T> {
    const { effect = 'idempotent', key, timeoutMs, probe, undo } = options;
    const retry = options.retry ?? (this.pastPivot ? PATIENCE : undefined);
    const asked: Omit<StepRequest<T>, 'branch'> = { name, effect, key, timeoutMs, retry, body: (_input, call) => body(call) };
    const probed = probe ? { ...asked, probe: (_input: unknown, call: Call) => probe(call) } : asked;
    return undo ? this.ask(probed, { undoing: undoingOf({ ...options, undo }) }) : this.ask(probed);
  }

  /** The named part of the run whose code is running, `phase.path`. */
  private get place(): string | undefined {
    const part = presentBranch();
    return part === undefined ? undefined : `${this.phase}.${part}`;
  }

  /** A step of the present phase, or of the branch that asks. */
  ask<T>(asked: Omit<StepRequest<T>, 'branch' | 'undoable'>, role: EffectRole = NO_ROLE): Promise<T> {
    const { place } = this;
    if (this.course.refuses(role.undoing !== undefined, place)) return rejected(runFailed(asked.name));
    const branch = place ?? this.phase;
    const undoable = role.undoing !== undefined && !this.course.pastPivot;
    const { pivot } = role;
    const request: StepRequest<T> = undoable || pivot ? { ...asked, branch, undoable, pivot: pivot === true } : { ...asked, branch };
    const outcome = this.durable.step(request);
    this.course.follow(request, outcome, role);
    return outcome;
  }

  /** What is no step, as a promise that is named when nobody looks at it. */
  private asked<T>(name: string, body: () => Promise<T>): Promise<T> {
    if (this.course.refuses(false, this.place)) return rejected(runFailed(name));
    this.unreadAsks ??= new UnreadAsks();
    return this.unreadAsks.note(name, new AskedPromise<T>((resolve) => resolve(body())).handled());
  }

  sleep(durationMs: number): Promise<void> {
    return this.asked(`sleep ${durationMs}`, () => this.durable.sleep(checkedDuration(durationMs, 'A sleep')));
  }

  waitFor<T extends object>(signal: string, options: SignalOptions<T>): Promise<T> {
    return this.asked(`signal ${signal}`, () => this.take(signal, options));
  }

  private async take<T extends object>(signal: string, { schema, timeoutMs }: SignalOptions<T>): Promise<T> {
    if (timeoutMs !== undefined) checkedDuration(timeoutMs, `The wait for "${signal}"`);
    const taken = await this.durable.nextSignal(signal, timeoutMs);
    if (!taken) throw signalTimedOut(signal, timeoutMs ?? 0);
    return readSignal(schema, taken.value, signal);
  }

  notify(signal: string, value: object): Promise<void> {
    return this.asked(`notify ${signal}`, () =>
      this.ask({
        name: `notify ${signal}`,
        input: checkedSignal(signal, value),
        effect: 'idempotent',
        body: (given, { key }) => this.durable.notify(signal, given, key),
      }),
    );
  }

  publish(state: object): void {
    this.durable.publish(state);
  }

  branch<T>(name: string, body: () => Promise<T>, { compensates = false }: BranchOptions = {}): Promise<T> {
    const { phase } = this;
    return this.asked(`branch ${name}`, () => this.durable.branch({ phase, name }, compensates ? () => this.sagaPart(body) : body));
  }

  private async sagaPart<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (this.place !== undefined) await this.course.failPart(this.place);
      throw error;
    }
  }

  /** When and how what the run did is undone. */
  compensates(wish: CompensationWish): void {
    this.course.compensates(wish);
  }

  /** Of an ask whose outcome is unknown, and that can be undone: finds out, and undoes it. Resolves also where that stays unknown. */
  takeBack(outcome: Promise<unknown>): Promise<void> {
    return this.course.takeBack(outcome);
  }

  /** There is no way back: what is done from now on must succeed. */
  get pastPivot(): boolean {
    return this.madeCourse?.pastPivot === true;
  }

  continueAs(params: object): Promise<never> {
    return this.asked('continueAs', async () => {
      this.course.continueAs(await this.parts.successor.readParams(params));
      throw runContinues(this.parts.identity.command);
    });
  }

  gate(name: string, check: GateCheck, options: GateOptions = {}): Promise<boolean> {
    return this.asked(`gate ${name}`, () => this.gates.judge(name, check, options));
  }

  /** Puts a verdict into the timeline, and does nothing about it. */
  noteGate(gate: GateRecord): void {
    this.gates.note(gate);
  }

  private get gates(): RunGates {
    this.madeGates ??= new RunGates({ durable: this.durable, timeline: this.timeline, ask: (asked) => this.ask(asked) });
    return this.madeGates;
  }

  execute<C extends TypedCommand>(command: Class<C>, params: object, { key, undo }: ExecuteChild = {}): Promise<never> {
    const { children } = this.parts;
    const begun = (name: string, run: string): void => this.durable.observe({ type: 'child-started', command: name, run });
    const asked = attachedChild(children, this.childAsk(command, params, key), begun);
    if (!undo) return this.ask(asked);
    const undoing = childUndoing(children, this.childAsk(undo.command, {}, undefined), undo.params, begun);
    return this.ask(asked, { undoing });
  }

  start<C extends TypedCommand>(command: Class<C>, params: object, options: { readonly key?: string } = {}): Promise<string> {
    return this.ask(detachedChild(this.parts.children, this.childAsk(command, params, options.key)));
  }

  private childAsk(type: Class<TypedCommand>, params: object, key: string | undefined): ChildAsk {
    return { type, params, key, parent: this.runId, principal: this.principal };
  }

  /** It failed, and what it did was undone. */
  get compensated(): boolean {
    return this.madeCourse?.compensated === true;
  }

  /** Something was asked for that would have to be undone if the run failed. */
  get reversible(): boolean {
    return this.madeCourse?.reversible === true;
  }

  /** Undoes what the run did, since it ends with this error; see `RunCourse.fail`. */
  compensate(error: unknown): Promise<unknown> | undefined {
    return this.course.fail(error, (undo) => this.activity('compensation', undo));
  }

  async activity<T>(name: string, body: () => Promise<T>): Promise<T> {
    const startedAt = this.durable.time;
    const end = (status: 'done' | 'failed'): void => {
      this.timeline.addActivity({ name, startedAt, durationMs: this.durable.time - startedAt, status });
    };
    try {
      const value = await body();
      end('done');
      return value;
    } catch (error) {
      end('failed');
      throw error;
    }
  }

  expectSteps(total: number): void {
    this.durable.observe({ type: 'steps-expected', phase: this.phase, total: Math.max(0, Math.floor(total)) || 0 });
  }

  defer(close: () => void | Promise<void>): void {
    this.closers.add(close);
  }

  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.closers.add(() => (Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()));
    return resource;
  }

  /** The cleanup phase: closes what was opened, the last first. Undefined when nothing has to be waited for. */
  cleanUp(): Promise<void> | undefined {
    this.enter('cleanup');
    return this.closers.empty ? undefined : this.activity('resource_deallocation', () => this.closeAll());
  }

  private async closeAll(): Promise<void> {
    this.closingErrors = await this.closers.close();
    for (const error of this.closingErrors) {
      this.log.error(`Something that was opened for the run could not be closed: ${messageOf(error)}`);
    }
  }

  /** What the base found, and what every run has to say; made when it is asked for, as of now. */
  report(found: Findings): () => RunReport {
    const unread = [...this.durable.unread(), ...(this.unreadAsks?.list ?? [])].map(forgottenAwait);
    const unclosed = this.closingErrors.map((error) => notClosed(messageOf(error)));
    const { timeline } = this;
    timeline.close();
    const { time } = this.durable;
    const steps = this.durable.statistics();
    const undone = this.madeCourse?.undone ?? [];
    const findings = [...found.findings, ...unread, ...unclosed];
    return () => ({ ...found, findings, timeline: timeline.records(time), steps, undone });
  }
}

function undoingOf<T>({ undo, undoRetry }: Reversal<T> & Required<Pick<Reversal<T>, 'undo'>>): Undoing {
  return { undo: ({ output }, call) => undo(output as T, call), retry: undoRetry };
}

function originOf(durable: DurableRun, own: { readonly command: string; readonly phase: Phase }): object {
  const step = presentStep();
  return { ...own, run: durable.id, trace: durable.traceId, ...(step === undefined ? {} : { step }) };
}

function rejected<T>(error: Error): Promise<T> {
  return new AskedPromise<T>((_resolve, reject) => reject(error)).handled();
}
