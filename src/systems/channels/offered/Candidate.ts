/**
 * One of the channels that are offered.
 *
 * Owns: until when it is avoided, and which version it said. Invariants: of several calls that need its version one asks, and its end
 * does not end the others'; a version that could not be had is asked for again.
 */
import type { Call } from '../../../kernel/Call.js';
import type { Clock } from '../../../kernel/Clock.js';
import { messageOf, UsageError } from '../../../kernel/errors.js';
import { isInRange, isVersion } from '../../versionRange.js';
import { beforeSending } from '../CallEnd.js';
import type { Channel } from '../Channel.js';
import { unreachable } from '../channelErrors.js';

export interface CandidateSettings {
  readonly clock: Clock;
  readonly versionTimeoutMs: number;
  readonly avoidMs: number;
}

export class Candidate {
  private avoidedUntil = Number.NEGATIVE_INFINITY;
  private said: Promise<string | undefined> | undefined;

  constructor(
    readonly channel: Channel,
    private readonly range: string | undefined,
    private readonly settings: CandidateSettings,
  ) {}

  get isAvoided(): boolean {
    return this.settings.clock.now() < this.avoidedUntil;
  }

  /** It was unreachable before, so one call tries it and the others go on without. */
  get isOnTrial(): boolean {
    return Number.isFinite(this.avoidedUntil);
  }

  avoid(): void {
    this.avoidedUntil = this.settings.clock.now() + this.settings.avoidMs;
  }

  welcome(): void {
    this.avoidedUntil = Number.NEGATIVE_INFINITY;
  }

  forgetVersion(): void {
    this.said = undefined;
  }

  /** The version that it said since the last acquire; undefined also where it was not asked. */
  async version(call: Call): Promise<string | undefined> {
    if (this.range === undefined) return undefined;
    this.said ??= this.ask(call);
    const { said } = this;
    try {
      return await beforeSending(call, this.settings.clock, said);
    } catch (error) {
      call.signal.throwIfAborted();
      if (this.said === said) this.said = undefined;
      if (error instanceof UsageError) throw error;
      // Whatever became of the question, nothing else was sent.
      throw unreachable(`${this.channel.protocol} could not say its version: ${messageOf(error)}`, error);
    }
  }

  /** Why its version will not do. */
  fault(version: string | undefined): string | undefined {
    return this.range === undefined ? undefined : versionFault(version, this.range);
  }

  private async ask(call: Call): Promise<string | undefined> {
    const { clock, versionTimeoutMs } = this.settings;
    const controller = new AbortController();
    const late = new Error(`no answer within ${versionTimeoutMs} ms`);
    const cancel = clock.after(versionTimeoutMs, () => controller.abort(late));
    try {
      return await this.channel.version(questionOf(call, controller.signal));
    } finally {
      cancel();
    }
  }
}

/** A call for the question alone: with a key of its own, because a system may keep the replies that it gave to a key. */
function questionOf(call: Call, signal: AbortSignal): Call {
  return {
    key: `${call.key}/version`,
    signal,
    deadline: undefined,
    attempt: 1,
    traceparent: call.traceparent,
    log: call.log,
    workspace: () => call.workspace(),
    emit: (type, data) => call.emit(type, data),
    progress: () => undefined,
    secret: (reference) => call.secret(reference),
  };
}

/** Why a version is not one that a range allows, or undefined when it is. */
function versionFault(version: string | undefined, range: string): string | undefined {
  if (version === undefined) return `does not say its version, which must be in ${range}`;
  if (!isVersion(version)) return `says "${version}", which is no semantic version`;
  return isInRange(version, range) ? undefined : `runs ${version}, which is not in ${range}`;
}
