/**
 * The context of one run on one load: what commands see of it, over the durable primitives.
 *
 * Owns: the present phase, the timeline, what was opened. Does not own: the journal or the promise of any step.
 */

import { AskedPromise, UnreadAsks } from '../kernel/AskedPromise.js';
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { messageOf, TimeoutError } from '../kernel/errors.js';
import type { Logger } from '../kernel/Logger.js';
import { presentStep } from '../kernel/whereabouts.js';
import type { ChildCommands } from './ChildCommands.js';
import { Closers } from './Closers.js';
import type { CommandContext, GateCheck, GateOptions, StepOptions } from './CommandContext.js';
import type { DurableRun, EventInbox, Observation, StepRequest } from './DurableRun.js';
import { checkGate, gateFailed } from './gate.js';
import { PHASES, type Phase, type PhaseTimeouts } from './Phase.js';
import { RunLogger } from './RunLogger.js';
import { type Findings, forgottenAwait, notClosed, type RunReport } from './RunReport.js';
import { type GateRecord, Timeline } from './Timeline.js';
import type { TypedCommand } from './TypedCommand.js';

interface RunIdentity {
  readonly command: string;
  readonly principal: unknown;
  readonly deadline: Date | undefined;
}

export interface RunContextParts {
  readonly durable: DurableRun;
  readonly identity: RunIdentity;
  readonly timeoutsMs: PhaseTimeouts;
  readonly logger: Logger;
  readonly redact: (text: string) => string;
  readonly children: ChildCommands;
}

const ENTERED = Object.fromEntries(PHASES.map((phase) => [phase, { type: 'phase', phase }])) as Record<Phase, Observation>;

export class RunContext implements CommandContext {
  private readonly durable: DurableRun;
  private readonly timeline = new Timeline();
  private readonly closers = new Closers();
  private logger: Logger | undefined;
  private unreadGates: UnreadAsks | undefined;
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
    return this.durable.limit({ name: phase, until, passed: () => phaseTimedOut(this.parts.identity.command, phase, timeoutMs) });
  }

  step<T>(name: string, body: (call: Call) => Promise<T>, options: StepOptions = {}): Promise<T> {
    return this.ask({
      name,
      effect: options.effect ?? 'idempotent',
      key: options.key,
      timeoutMs: options.timeoutMs,
      body: (_input, call) => body(call),
    });
  }

  /** A step of the present phase. */
  ask<T>(request: Omit<StepRequest<T>, 'branch'>): Promise<T> {
    return this.durable.step({ ...request, branch: this.phase });
  }

  gate(name: string, check: GateCheck, options: GateOptions = {}): Promise<boolean> {
    const judged = new AskedPromise<boolean>((resolve) => resolve(this.judge(name, check, options)));
    this.unreadGates ??= new UnreadAsks();
    return this.unreadGates.note(`gate ${name}`, judged.handled());
  }

  private async judge(name: string, check: GateCheck, { severity = 'error', overrideWithinMs = 0 }: GateOptions): Promise<boolean> {
    const body = (_input: unknown, call: Call) => checkGate(name, check, call.signal);
    const { passed, found } = await this.ask({ name: `gate ${name}`, effect: 'read', body });
    const why = found === undefined ? {} : { found };
    if (!passed && severity === 'error' && overrideWithinMs > 0) {
      this.durable.observe({ type: 'gate', gate: name, severity, verdict: 'waiting', ...why });
    }
    const override = passed || severity === 'warning' ? undefined : await this.durable.override(name, overrideWithinMs);
    const verdict = passed ? 'passed' : override ? 'overridden' : 'failed';
    const record: GateRecord = { name, severity, verdict, ...why, ...(override ? { override } : {}) };
    this.noteGate(record);
    if (verdict === 'failed' && severity === 'error') throw gateFailed(record);
    return verdict !== 'failed';
  }

  /** Puts a verdict into the timeline, and does nothing about it. */
  noteGate(gate: GateRecord): void {
    const { name, severity, verdict, found } = gate;
    this.timeline.addGate(gate);
    this.durable.observe({ type: 'gate', gate: name, severity, verdict, ...(found === undefined ? {} : { found }) });
  }

  execute<C extends TypedCommand>(command: Class<C>, params: object, options: { readonly key?: string } = {}): Promise<never> {
    const { children, identity } = this.parts;
    const child = children.describe(command);
    return this.ask<never>({
      name: child.name,
      input: params,
      inputClass: child.params,
      outputClass: child.result,
      endsByItself: true,
      effect: 'idempotent',
      key: options.key,
      body: (given, { key, signal, deadline }) =>
        children.run({
          type: command,
          params: given as object,
          key,
          signal,
          deadline,
          principal: identity.principal,
          parent: this.runId,
          begun: (run) => this.durable.observe({ type: 'child-started', command: child.name, run }),
        }) as Promise<never>,
    });
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
    const unread = [...this.durable.unread(), ...(this.unreadGates?.list ?? [])].map(forgottenAwait);
    const unclosed = this.closingErrors.map((error) => notClosed(messageOf(error)));
    const { timeline } = this;
    timeline.close();
    const { time } = this.durable;
    const steps = this.durable.statistics();
    return () => ({ ...found, findings: [...found.findings, ...unread, ...unclosed], timeline: timeline.records(time), steps });
  }
}

function originOf(durable: DurableRun, own: { readonly command: string; readonly phase: Phase }): object {
  const step = presentStep();
  return { ...own, run: durable.id, trace: durable.traceId, ...(step === undefined ? {} : { step }) };
}

function deadlinePassed(command: string, deadline: Date): TimeoutError {
  return new TimeoutError(
    'DEADLINE_PASSED',
    `${command} did not end before its deadline, ${deadline.toISOString()}. Give it more time, or see which step took so long.`,
    {
      details: { deadline: deadline.toISOString() },
    },
  );
}

function phaseTimedOut(command: string, phase: Phase, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    'PHASE_TIMED_OUT',
    `The ${phase} phase of ${command} did not end within ${timeoutMs} ms. Allow more in phaseTimeoutsMs, or see which step took so long.`,
    {
      details: { phase, timeoutMs },
    },
  );
}
