/**
 * Several ways to one system, of which the first that will do is used.
 *
 * Owns: the choice. Does not own: what is open of the channels; it passes on who uses them.
 * Invariants: another channel is taken only while nothing was sent, so that no request is made twice, and a lost reply stays lost. One
 * that was unreachable is tried last until its time is over; then one call tries it, not all of them.
 */
import type { Call } from '../../../kernel/Call.js';
import { type Clock, systemClock } from '../../../kernel/Clock.js';
import { CommandFailure, messageOf, TransientError } from '../../../kernel/errors.js';
import { isRange } from '../../versionRange.js';
import type { Channel } from '../Channel.js';
import { channelInvalid, unreachable } from '../channelErrors.js';
import { positive } from '../settings.js';
import { Candidate } from './Candidate.js';

export interface OfferedChannel {
  readonly channel: Channel;
  /** Versions that this side can talk to, as a semver range such as `>=2 <4`. @default any, and it is not asked */
  readonly versions?: string;
}

export interface OfferedChannelsOptions {
  /** For a channel to say its version, in milliseconds. @default 5000 */
  readonly versionTimeoutMs?: number;
  /** How long a channel that was unreachable is tried after the others, in milliseconds. @default 30_000 */
  readonly avoidMs?: number;
  /** @default that of the machine */
  readonly clock?: Clock;
}

export interface ChosenChannel {
  readonly protocol: string;
  /** Undefined where it was not asked. */
  readonly version: string | undefined;
  /** Why this one, in words. */
  readonly reason: string;
}

interface Chosen {
  readonly candidate: Candidate;
  readonly version: string | undefined;
  /** What was wrong with those before it. */
  readonly passedOver: readonly string[];
}

export class OfferedChannels implements Channel {
  readonly protocol: string;
  private readonly candidates: readonly Candidate[];
  private readonly clock: Clock;
  private inUse: Candidate | undefined;
  private choice: ChosenChannel | undefined;

  /** @throws UsageError `CHANNEL_INVALID` for no channels, or a range that is none */
  constructor(offered: readonly OfferedChannel[], options: OfferedChannelsOptions = {}) {
    if (offered.length === 0) throw channelInvalid('offered', [], 'Offer at least one channel.');
    this.clock = options.clock ?? systemClock;
    const settings = {
      clock: this.clock,
      versionTimeoutMs: positive('versionTimeoutMs', options.versionTimeoutMs ?? 5000),
      avoidMs: positive('avoidMs', options.avoidMs ?? 30_000),
    };
    this.candidates = offered.map(({ channel, versions }, index) => {
      if (versions !== undefined && !isRange(versions))
        throw channelInvalid(`offered[${index}].versions`, versions, 'Give a semver range.');
      return new Candidate(channel, versions, settings);
    });
    this.protocol = [...new Set(offered.map(({ channel }) => channel.protocol))].join(' or ');
  }

  /** What the last call went through. */
  get chosen(): ChosenChannel | undefined {
    return this.choice;
  }

  /** @throws CommandFailure `VERSION_MISMATCH` when the version of every channel is wrong */
  async invoke<O>(operation: string, input: object | undefined, call: Call): Promise<O> {
    return this.through(call, (channel) => channel.invoke<O>(operation, input, call));
  }

  /** Another channel is taken only before the first item. */
  async *stream<O>(operation: string, input: object | undefined, call: Call): AsyncGenerator<O, void, undefined> {
    const { first, rest } = await this.through(call, async (channel) => {
      const items = channel.stream<O>(operation, input, call)[Symbol.asyncIterator]();
      return { first: await items.next(), rest: items };
    });
    if (first.done) return;
    let isOpen = true;
    try {
      for (let next: IteratorResult<O> = first; !next.done; next = await rest.next()) yield next.value;
      isOpen = false;
    } finally {
      if (isOpen) await rest.return?.();
    }
  }

  /** One that can be used is enough. */
  async checkHealth(call: Call): Promise<void> {
    await this.through(call, (channel) => channel.checkHealth(call));
  }

  async version(call: Call): Promise<string | undefined> {
    return this.through(call, (channel) => channel.version(call));
  }

  acquire(): void {
    for (const candidate of this.candidates) {
      candidate.forgetVersion();
      candidate.channel.acquire();
    }
  }

  async release(): Promise<void> {
    await Promise.all(this.candidates.map(({ channel }) => channel.release()));
  }

  private async through<T>(call: Call, use: (channel: Channel) => Promise<T>): Promise<T> {
    const passedOver: string[] = [];
    let isMismatch = true;
    for (const candidate of this.inOrder()) {
      const name = candidate.channel.protocol;
      if (candidate.isOnTrial) candidate.avoid();
      try {
        const version = await candidate.version(call);
        const fault = candidate.fault(version);
        if (fault === undefined) return await this.outcome({ candidate, version, passedOver }, call, use);
        candidate.welcome();
        passedOver.push(`${name} ${fault}`);
      } catch (error) {
        if (!isUnreachable(error) || this.isLate(call)) throw error;
        candidate.avoid();
        isMismatch = false;
        passedOver.push(`${name} is unreachable: ${messageOf(error)}`);
      }
    }
    throw this.none(isMismatch, passedOver);
  }

  private async outcome<T>(chosen: Chosen, call: Call, use: (channel: Channel) => Promise<T>): Promise<T> {
    try {
      const outcome = await use(chosen.candidate.channel);
      this.choose(chosen, call);
      return outcome;
    } catch (error) {
      if (!isUnreachable(error) && !call.signal.aborted) this.choose(chosen, call);
      throw error;
    }
  }

  /** The call would reach nobody in time, whoever is there. */
  private isLate({ deadline }: Call): boolean {
    return deadline !== undefined && deadline.getTime() <= this.clock.now();
  }

  /** It was reached. */
  private choose({ candidate, version, passedOver }: Chosen, call: Call): void {
    candidate.welcome();
    if (candidate === this.inUse && version === this.choice?.version) return;
    const { protocol } = candidate.channel;
    const isFirst = candidate === this.candidates[0];
    const reason =
      passedOver.length > 0 ? passedOver.join('; ') : isFirst ? 'it is the first choice' : 'those before it were unreachable lately';
    this.inUse = candidate;
    this.choice = { protocol, version, reason };
    call.log.info(`calls go by ${protocol}: ${reason}`, { protocol, version });
  }

  /** Those that were unreachable lately come last. */
  private inOrder(): Candidate[] {
    const avoided = this.candidates.filter((candidate) => candidate.isAvoided);
    return [...this.candidates.filter((candidate) => !avoided.includes(candidate)), ...avoided];
  }

  private none(isMismatch: boolean, passedOver: readonly string[]): Error {
    const reasons = passedOver.join('; ');
    if (!isMismatch) return unreachable(`No channel will do; nothing was sent: ${reasons}`);
    return new CommandFailure('VERSION_MISMATCH', `No channel runs a version that can be used: ${reasons}. Nothing was sent.`, {
      details: { reasons: passedOver },
    });
  }
}

/** @param offered in the order of preference */
export function offeredChannels(offered: readonly OfferedChannel[], options: OfferedChannelsOptions = {}): OfferedChannels {
  return new OfferedChannels(offered, options);
}

function isUnreachable(error: unknown): boolean {
  return error instanceof TransientError && error.code === 'CHANNEL_UNREACHABLE';
}
