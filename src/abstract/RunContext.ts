/**
 * The context of one run on one load: what commands see of it, over the durable primitives.
 *
 * Owns: the present phase, the deferred closers and the temporary folder. Does not own: the journal or the promise of
 * any step. Invariant: closers run once each, in reverse order, also when one of them throws.
 */
import type { Call } from '../kernel/Call.js';
import type { CommandContext, StepOptions } from './CommandContext.js';
import type { DurableRun, EventInbox, StepRequest } from './DurableRun.js';
import type { Logger } from './Logger.js';
import type { Phase } from './Phase.js';

export interface RunIdentity {
  readonly command: string;
  readonly principal: unknown;
}

export class RunContext implements CommandContext {
  readonly log: Logger;
  private phase: Phase = 'planning';
  private readonly closers: (() => void | Promise<void>)[] = [];

  constructor(
    private readonly durable: DurableRun,
    private readonly identity: RunIdentity,
    logger: Logger,
  ) {
    this.log = new RunLogger(logger, durable, () => ({ command: identity.command, run: durable.id, phase: this.phase }));
  }

  get runId(): string {
    return this.durable.id;
  }

  get signal(): AbortSignal {
    return this.durable.signal;
  }

  get principal(): unknown {
    return this.identity.principal;
  }

  get events(): EventInbox {
    return this.durable.events;
  }

  now(): Date {
    return this.durable.now();
  }

  uuid(): string {
    return this.durable.uuid();
  }

  random(): number {
    return this.durable.random();
  }

  enter(phase: Phase): void {
    this.phase = phase;
    this.durable.announce(phase);
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

  unread(): readonly string[] {
    return this.durable.unread();
  }

  defer(close: () => void | Promise<void>): void {
    this.closers.push(close);
  }

  /** Runs the closers; every error is kept and returned. */
  async close(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (let close = this.closers.pop(); close; close = this.closers.pop()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

/** Adds to every line where it comes from, and stays silent on replay. */
class RunLogger implements Logger {
  constructor(
    private readonly target: Logger,
    private readonly durable: DurableRun,
    private readonly origin: () => object,
  ) {}

  debug(message: string, fields?: object): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields?: object): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: object): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields?: object): void {
    this.write('error', message, fields);
  }

  private write(level: keyof Logger, message: string, fields: object | undefined): void {
    if (!this.durable.replaying) this.target[level](message, { ...fields, ...this.origin() });
  }
}
