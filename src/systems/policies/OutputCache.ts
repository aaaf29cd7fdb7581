/**
 * Outputs of an operation that changes nothing, by its input. Of several equal calls at once one is made, and goes on as long as
 * one of its callers waits for it.
 *
 * Owns: the entries, the calls under way. Does not own: the time.
 * Invariants: every caller gets a copy of its own; a call that failed, or that nobody waited for any more, leaves no entry.
 */
import type { LRUCache } from 'lru-cache';
import type { Call } from '../../kernel/Call.js';
import { Codec } from '../../kernel/codec/Codec.js';
import { copyOf, plainCopyOf } from '../../kernel/copyOf.js';
import { digest } from '../../kernel/digest.js';
import type { CachePolicy } from '../Policy.js';
import type { ForwardTime } from './ForwardTime.js';
import { JointWork } from './JointWork.js';
import type { OperationName } from './OperationName.js';
import type { CacheStanding } from './PolicyStanding.js';
import { sharedCall } from './sharedCall.js';

type Make = (call: Call) => Promise<unknown>;
/** An output may be undefined, which a cache cannot hold. */
type Entries = LRUCache<string, { readonly output: unknown }>;

interface Flight {
  readonly work: JointWork;
  readonly output: Promise<unknown>;
}

const ENTRIES_MAX = 1000;
const codec = new Codec();

export class OutputCache {
  private opening: Promise<Entries> | undefined;
  private entries: Entries | undefined;
  private readonly flights = new Map<string, Flight>();
  private hits = 0;
  private misses = 0;

  constructor(
    private readonly name: OperationName,
    private readonly policy: CachePolicy,
    private readonly time: ForwardTime,
  ) {}

  get standing(): CacheStanding {
    this.entries?.purgeStale();
    return { entries: this.entries?.size ?? 0, hits: this.hits, misses: this.misses };
  }

  /** @param make makes the call: with its own signal, and without deadline since its callers may have different ones */
  async answer(input: unknown, call: Call, make: Make): Promise<unknown> {
    this.opening ??= this.open();
    const entries = await this.opening;
    call.signal.throwIfAborted();
    const key = this.keyOf(input);
    const kept = entries.get(key);
    if (kept) {
      this.hits += 1;
      return copyOf(kept.output);
    }
    const { work, output } = this.underWay(key) ?? this.begin(key, entries, (signal) => make(shared(call, signal)));
    return copyOf(await work.join(output, call.signal));
  }

  /** Loaded at the first use: most programs cache nothing. */
  private async open(): Promise<Entries> {
    const { LRUCache } = await import('lru-cache');
    this.entries = new LRUCache({
      max: this.policy.entriesMax ?? ENTRIES_MAX,
      ttl: Math.ceil(this.policy.ttlMs),
      ttlResolution: 0, // Else it remembers the time for a while, by a timer of its own.
      perf: { now: () => this.time.now() },
    });
    return this.entries;
  }

  private keyOf(input: unknown): string {
    return digest(codec.exactText(plainCopyOf(input), `the input of ${this.name.system}.${this.name.operation}`));
  }

  private underWay(key: string): Flight | undefined {
    const flight = this.flights.get(key);
    if (!flight || flight.work.signal.aborted) return undefined;
    this.hits += 1;
    return flight;
  }

  private begin(key: string, entries: Entries, make: (signal: AbortSignal) => Promise<unknown>): Flight {
    this.misses += 1;
    const work = new JointWork();
    const fly = async (): Promise<unknown> => {
      try {
        const output = copyOf(await make(work.signal));
        if (!work.signal.aborted) entries.set(key, { output });
        return output;
      } finally {
        if (this.flights.get(key) === flight) this.flights.delete(key);
      }
    };
    const flight: Flight = { work, output: fly() };
    this.flights.set(key, flight);
    return flight;
  }
}

function shared(first: Call, signal: AbortSignal): Call {
  return sharedCall(first, { key: first.key, signal, deadline: undefined });
}
