/** When a call must not be waited for any longer: its signal, or its deadline. */
import type { Call } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import { unreachable } from './channelErrors.js';

/** The deadline of the call passed, and its signal said nothing. */
class DeadlinePassed extends Error {}

/**
 * Calls `onEnd` once: with the reason of the signal, at once where it is aborted already, or with `DeadlinePassed`.
 *
 * @returns takes it back
 */
export function whenCallEnds(call: Call, clock: Clock, onEnd: (reason: unknown) => void): () => void {
  if (call.signal.aborted) {
    onEnd(call.signal.reason);
    return () => undefined;
  }
  const onAbort = (): void => {
    stop();
    onEnd(call.signal.reason);
  };
  const onDeadline = (): void => {
    stop();
    onEnd(new DeadlinePassed(`The deadline ${call.deadline?.toISOString()} passed.`));
  };
  const cancel = call.deadline && clock.after(Math.max(0, call.deadline.getTime() - clock.now()), onDeadline);
  call.signal.addEventListener('abort', onAbort, { once: true });
  function stop(): void {
    call.signal.removeEventListener('abort', onAbort);
    cancel?.();
  }
  return stop;
}

/**
 * The outcome of what is done before a request is sent, unless the call ends first; it then goes on unheard. What is there already is
 * handed on.
 *
 * @throws TransientError `CHANNEL_UNREACHABLE` when the deadline passes
 */
export async function beforeSending<T>(call: Call, clock: Clock, work: T | Promise<T>): Promise<T> {
  if (!(work instanceof Promise)) return work;
  work.catch(() => undefined); // It may fail when nobody waits for it any longer.
  call.signal.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = whenCallEnds(call, clock, reject);
  try {
    return await Promise.race([work, ended]);
  } catch (error) {
    if (error instanceof DeadlinePassed) throw unreachable(`Nothing was sent: ${error.message}`);
    throw error;
  } finally {
    stop();
  }
}
