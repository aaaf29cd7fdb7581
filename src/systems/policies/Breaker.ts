/**
 * Keeps an operation that fails from being called for a while (Nygard, Release It!, "Circuit Breaker").
 *
 * Owns: the state. Does not own: the time, what is called.
 * Invariants:
 * - I1 Nothing is let through while it is open, and one call while it is half-open.
 * - I2 A call counts once: at its end or when it is aborted, whichever is first; and only for the time in which it was let through.
 * - I3 A trial that says nothing of the system leaves the next call to be the trial.
 */
import type { Call } from '../../kernel/Call.js';
import { groupOf, messageOf, SixfoldError, TimeoutError, TransientError } from '../../kernel/errors.js';
import type { BreakerPolicy } from '../Policy.js';
import type { ForwardTime } from './ForwardTime.js';
import type { OperationName } from './OperationName.js';
import type { BreakerStanding } from './PolicyStanding.js';

/** A call that was let through. */
interface Pass {
  /** How often the breaker had been closed by then. */
  readonly closings: number;
  counted: boolean;
}

interface Failures {
  readonly failures: number;
  readonly lastError: string | undefined;
}

type State = Failures &
  (
    | { readonly at: 'closed' }
    | { readonly at: 'open'; readonly sinceMs: number }
    | { readonly at: 'half-open'; readonly trial: Pass | undefined }
  );

/** What a call says of the system. */
type Verdict = { readonly says: 'answered' } | { readonly says: 'nothing' } | { readonly says: 'failed'; readonly error: unknown };

/** A timer may come so much early by the clock that is read, and a retry that waited must not find it open still. */
const TIMER_EARLY_MS = 1;

const CLOSED: State = { at: 'closed', failures: 0, lastError: undefined };

export class Breaker {
  private state: State = CLOSED;
  private closings = 0;

  constructor(
    private readonly name: OperationName,
    private readonly policy: BreakerPolicy,
    private readonly time: ForwardTime,
  ) {}

  get standing(): BreakerStanding {
    const { at, failures, lastError } = this.state;
    const leftMs = this.leftMs();
    const state = at === 'open' && leftMs === 0 ? 'half-open' : at;
    return {
      state,
      failures,
      ...(state === 'open' ? { opensUntil: this.time.dateIn(leftMs) } : {}),
      ...(lastError === undefined ? {} : { lastError }),
    };
  }

  /** @throws TransientError `BREAKER_OPEN` */
  async around<T>(call: Call, next: () => Promise<T>): Promise<T> {
    call.signal.throwIfAborted();
    const pass = this.enter();
    const onAbort = (): void => this.count(pass, verdictOfAbort(call.signal.reason), call);
    call.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const output = await next();
      this.count(pass, { says: 'answered' }, call);
      return output;
    } catch (error) {
      this.count(pass, verdictOfError(error), call);
      throw error;
    } finally {
      call.signal.removeEventListener('abort', onAbort);
    }
  }

  private enter(): Pass {
    const { state } = this;
    const pass: Pass = { closings: this.closings, counted: false };
    if (state.at === 'closed') return pass;
    const leftMs = this.leftMs();
    if (leftMs > 0) throw this.refusal(leftMs);
    this.state = { ...state, at: 'half-open', trial: pass };
    return pass;
  }

  /** How long nothing is let through: while a trial is under way as long as it would be if it failed now. */
  private leftMs(): number {
    const { state, policy } = this;
    if (state.at === 'open') {
      const leftMs = policy.openMs - (this.time.now() - state.sinceMs);
      return leftMs <= TIMER_EARLY_MS ? 0 : leftMs;
    }
    return state.at === 'half-open' && state.trial ? policy.openMs : 0;
  }

  private count(pass: Pass, verdict: Verdict, call: Call): void {
    if (pass.counted) return;
    pass.counted = true;
    const { state } = this;
    if (state.at === 'half-open' && state.trial === pass) this.endTrial(state, verdict, call);
    if (state.at !== 'closed' || pass.closings !== this.closings) return;
    if (verdict.says === 'answered') this.state = CLOSED;
    if (verdict.says === 'failed') this.fail(state, verdict.error, call);
  }

  private endTrial(state: State & { readonly at: 'half-open' }, verdict: Verdict, call: Call): void {
    if (verdict.says === 'nothing') {
      this.state = { ...state, trial: undefined };
    } else if (verdict.says === 'failed') {
      this.fail(state, verdict.error, call);
    } else {
      this.state = CLOSED;
      this.closings += 1;
      call.log.info(`${this.text} answers again, so it is called as before.`, { ...this.name });
    }
  }

  private fail(before: State, error: unknown, call: Call): void {
    const failed: Failures = { failures: before.failures + 1, lastError: messageOf(error) };
    const { failuresMax, openMs } = this.policy;
    if (failed.failures < failuresMax) {
      this.state = { at: 'closed', ...failed };
      return;
    }
    this.state = { at: 'open', sinceMs: this.time.now(), ...failed };
    const times = before.at === 'closed' ? `${failed.failures} times in a row` : 'on trial';
    call.log.warn(`${this.text} failed ${times} and is not called for ${openMs} ms: ${failed.lastError}`, { ...this.name, ...failed });
  }

  private get text(): string {
    return `${this.name.system}.${this.name.operation}`;
  }

  private refusal(retryAfterMs: number): TransientError {
    const { failures, lastError } = this.state;
    const until = this.time.dateIn(retryAfterMs).toISOString();
    const why = this.state.at === 'open' ? `is not called until ${until}` : `is on trial by another call, and is not called until ${until}`;
    return new TransientError('BREAKER_OPEN', `${this.text} ${why}: it failed ${failures} times in a row, last with: ${lastError}`, {
      details: { ...this.name, retryAfterMs, failures, lastError },
    });
  }
}

/** A run that is stopped or handed back says nothing of the system; a time limit of the attempt does. */
function verdictOfAbort(reason: unknown): Verdict {
  const isLate = reason instanceof TimeoutError && reason.code === 'STEP_TIMED_OUT';
  return isLate ? { says: 'failed', error: reason } : { says: 'nothing' };
}

function verdictOfError(error: unknown): Verdict {
  switch (error instanceof SixfoldError ? groupOf(error) : undefined) {
    case 'CommandFailure':
      return { says: 'answered' };
    case 'UsageError':
    case 'InvariantViolation':
    case 'CancelledError':
      return { says: 'nothing' };
    default:
      return { says: 'failed', error };
  }
}
