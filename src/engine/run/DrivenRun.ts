/**
 * What the code of a run sees of its engine, on one load.
 *
 * Owns: the draws of chance, the wish to be continued by another run. Does not own: the driving, steps, waits, the journal.
 * Invariant: what it gives is the same when the run is replayed.
 */
import type { DurableRun, EventInbox, Observation, StepRequest, StopsHeld, TimeLimit } from '../../abstract/DurableRun.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Carried } from '../../kernel/codec/Carried.js';
import type { SixfoldError } from '../../kernel/errors.js';
import { SeededChance } from '../../kernel/SeededChance.js';
import { presentBranch } from '../../kernel/whereabouts.js';
import type { JournalRecord } from '../Record.js';
import type { Arrivals } from './Arrivals.js';
import type { BranchPart } from './Branches.js';
import type { ExecutionParts } from './ExecutionParts.js';
import type { Facilities } from './Facilities.js';
import { afterBranch, refuseInStep } from './refusals.js';
import type { Stops } from './Stops.js';
import type { WaitKind } from './Waits.js';

/** The driver, as the code's side needs it. */
export interface RunDriver {
  readonly facilities: Facilities;
  readonly signal: AbortSignal;
  readonly replaying: boolean;
  readonly traceId: string;
  /** Of the last delivered record, in milliseconds since the epoch. */
  readonly deliveredAt: number;
  /** When it was last gone on with that had ended before, or as a fork: what is asked for since has at least that time. */
  readonly resumedAt: number;
  /** The code is not driven any more; what was opened is being closed. */
  readonly over: boolean;
  /** Why an ask is not taken in, if it is not. */
  refusalOf(name: string, shielded: boolean): SixfoldError | undefined;
  observe(observation: Observation, at: number): void;
  readonly arrivals: Arrivals;
  readonly stops: Stops;
}

export class DrivenRun implements DurableRun {
  /** Draws, by the named part of the run that makes them. */
  private chances: Map<string, SeededChance> | undefined;
  private chance: SeededChance | undefined;
  private phase = '';
  /** Params of the run that goes on with this one. */
  continuation: Carried | undefined;

  constructor(
    private readonly parts: ExecutionParts,
    private readonly driver: RunDriver,
  ) {}

  get id(): string {
    return this.parts.log.run.id;
  }

  get events(): EventInbox {
    return this.driver.facilities.inbox;
  }

  get signal(): AbortSignal {
    return this.driver.signal;
  }

  get replaying(): boolean {
    return this.driver.replaying;
  }

  get traceId(): string {
    return this.driver.traceId;
  }

  /** What comes after the end of the code is not replayed, and has the time of the clock. */
  get time(): number {
    return this.driver.over ? this.parts.clock.now() : this.driver.deliveredAt;
  }

  get clock(): Clock {
    return this.parts.clock;
  }

  uuid(): string {
    refuseInStep('uuid');
    return this.draws.uuid();
  }

  random(): number {
    refuseInStep('random');
    return this.draws.random();
  }

  /** A named part has draws of its own, so that those outside it do not depend on whether its code runs again. */
  private get draws(): SeededChance {
    const { seed } = this.parts.log.run;
    const { place } = this;
    if (place === undefined) {
      this.chance ??= new SeededChance(seed);
      return this.chance;
    }
    this.chances ??= new Map();
    const known = this.chances.get(place);
    if (known) return known;
    const chance = new SeededChance(`${seed}/${place}`);
    this.chances.set(place, chance);
    return chance;
  }

  /** The named part of the run whose code is running. */
  private get place(): string | undefined {
    const part = presentBranch();
    return part === undefined ? undefined : `${this.phase}.${part}`;
  }

  /** The draws of a part that has ended are not needed any more. */
  forgetDraws(place: string): void {
    this.chances?.delete(place);
  }

  unread(): readonly string[] {
    return this.driver.facilities.unread();
  }

  statistics(): readonly StepStatistics[] {
    return this.driver.facilities.statistics();
  }

  settled(): Promise<void> {
    return this.driver.facilities.settled();
  }

  step<T>(request: StepRequest<T>): Promise<T> {
    const { facilities } = this.driver;
    const { name, shielded = false, settles = false } = request;
    const goesOn = shielded || settles;
    const refused = this.driver.refusalOf(name, goesOn) ?? (goesOn ? undefined : this.refusalInBranch(name));
    const asked = facilities.steps.ask(request, refused);
    if (!refused) facilities.count(request.branch, asked, request.undoable === true || request.pivot === true);
    return asked;
  }

  identityOf(outcome: Promise<unknown>): string | undefined {
    return this.driver.facilities.steps.identityOf(outcome);
  }

  holdStops(outcome: Promise<unknown>): StopsHeld | undefined {
    const { facilities, stops } = this.driver;
    const identity = facilities.steps.identityOf(outcome);
    return identity === undefined ? undefined : stops.hold(identity, facilities.steps.begunAt(identity));
  }

  async override(gate: string, withinMs: number): Promise<GateOverride | undefined> {
    const { kind, body } = await this.wait('gate', gate, withinMs);
    return kind === 'gate-overridden' ? (JSON.parse(body ?? '{}') as GateOverride) : undefined;
  }

  async sleep(durationMs: number): Promise<void> {
    await this.wait('timer', String(durationMs), durationMs);
  }

  async nextSignal(name: string, timeoutMs: number | undefined): Promise<{ readonly value: unknown } | undefined> {
    const { kind, body } = await this.wait('signal', name, timeoutMs);
    return kind === 'signal' ? { value: this.parts.codec.decode(body ?? 'null') } : undefined;
  }

  private wait(kind: WaitKind, name: string, withinMs: number | undefined): Promise<JournalRecord> {
    const { driver, place } = this;
    const until = withinMs === undefined ? undefined : Math.max(driver.deliveredAt, driver.resumedAt) + withinMs;
    const what = `${kind} ${name}`;
    return driver.facilities.waits.ask({ kind, name, place, until }, driver.refusalOf(what, false) ?? this.refusalInBranch(what));
  }

  /** Why nothing is taken in from the present part of the run, if that has its outcome already. */
  private refusalInBranch(what: string): SixfoldError | undefined {
    const { place } = this;
    return place !== undefined && this.driver.facilities.branches.isOver(place) ? afterBranch(what) : undefined;
  }

  notify(name: string, value: unknown, token: string): void {
    const text = this.parts.codec.encode(value, `the signal ${name}`);
    if (!this.driver.over) this.driver.arrivals.signal({ name, value: text, token });
  }

  publish(state: unknown): void {
    const { codec, journal, log } = this.parts;
    const text = codec.encode(state, 'the published state');
    if (!this.driver.replaying && !this.driver.over) journal.publish(log.run, text);
  }

  branch<T>(part: BranchPart, body: () => Promise<T>): Promise<T> {
    const what = `branch ${part.name}`;
    // As what is shielded: a run that was stopped still enters its parts, and what is asked for in them is refused.
    const refused = this.driver.refusalOf(what, true) ?? this.refusalInBranch(what);
    if (refused) return Promise.reject(refused);
    return this.driver.facilities.branches.enter(part, body) as Promise<T>; // What the body returned, as the codec gives it back.
  }

  continueAs(params: object): void {
    this.continuation = this.parts.program.carryParams(params);
  }

  limit(limit: TimeLimit): () => void {
    if (this.driver.over) return () => undefined; // Code that goes on behind the end of its run.
    const { facilities, deliveredAt, resumedAt } = this.driver;
    const laterMs = limit.relative ? Math.max(0, resumedAt - deliveredAt) : 0;
    return facilities.limits.set(laterMs > 0 ? { ...limit, until: new Date(limit.until.getTime() + laterMs) } : limit);
  }

  observe(observation: Observation): void {
    if (observation.type === 'phase') this.phase = observation.phase;
    this.driver.observe(observation, this.time);
  }
}
