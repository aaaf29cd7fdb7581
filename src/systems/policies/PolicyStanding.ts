/** How the policy of one operation stands, for all runs that use the same instance of the system. */
export interface PolicyStanding {
  readonly operation: string;
  readonly breaker?: BreakerStanding;
  readonly bulkhead?: BulkheadStanding;
  readonly cache?: CacheStanding;
}

export interface BreakerStanding {
  /** `half-open` also from when the next call would be let through on trial. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** In a row; trials that failed count as well. */
  readonly failures: number;
  /** While it is open: when the next call is let through on trial. */
  readonly opensUntil?: Date;
  /** Text of the last of these failures. */
  readonly lastError?: string;
}

export interface BulkheadStanding {
  readonly underWay: number;
  readonly waiting: number;
}

export interface CacheStanding {
  readonly entries: number;
  /** Calls that were answered by an entry, or by a call that was under way. */
  readonly hits: number;
  /** Calls that were made. */
  readonly misses: number;
}
