import type { Call } from '../../kernel/Call.js';

/** What a call that is made for several callers has of its own. */
export type SharedParts = Pick<Call, 'key' | 'signal' | 'deadline'>;

/** A call that is made for several callers. What it logs and emits is said in the name of the first. */
export function sharedCall(first: Call, { key, signal, deadline }: SharedParts): Call {
  const { attempt, traceparent, log } = first;
  return {
    key,
    signal,
    deadline,
    attempt,
    traceparent,
    log,
    workspace: () => first.workspace(),
    emit: (type, data) => first.emit(type, data),
    progress: (done, total) => first.progress(done, total),
    secret: (reference) => first.secret(reference),
  };
}
