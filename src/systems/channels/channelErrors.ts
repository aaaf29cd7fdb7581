/** The errors of the port, made in one place so that every channel words them alike. None holds a credential. */
import { CommandFailure, messageOf, OutcomeUnknownError, TransientError, UsageError } from '../../kernel/errors.js';

type Details = Readonly<Record<string, unknown>>;

/** @param field what was given wrongly, such as `baseUrl` */
export function channelInvalid(field: string, value: unknown, remedy: string): UsageError {
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  return new UsageError('CHANNEL_INVALID', `${field} is ${shown}. ${remedy}`, { details: { field, value: shown } });
}

/** As `channelInvalid`, for a value that may be a secret. */
export function channelInvalidUnseen(field: string, fault: string): UsageError {
  return new UsageError('CHANNEL_INVALID', `${field} ${fault}`, { details: { field } });
}

export function noWayFor(operation: string, known: Iterable<string>): UsageError {
  const names = [...known];
  return new UsageError(
    'CHANNEL_INVALID',
    `The channel has no way for ${operation}; it knows ${names.length === 0 ? 'none' : names.join(', ')}. Add it, or correct the name.`,
    { details: { operation, known: names } },
  );
}

export function refused(message: string, details: Details): CommandFailure {
  return new CommandFailure('SYSTEM_REFUSED', message, { details });
}

/** @param retryAfterMs how long the system asks to wait, if it says so */
export function overloaded(message: string, retryAfterMs: number | undefined, details: Details = {}): TransientError {
  return new TransientError('SYSTEM_OVERLOADED', message, {
    details: { ...details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
}

export function unreachable(message: string, cause?: unknown): TransientError {
  return new TransientError('CHANNEL_UNREACHABLE', message, { cause });
}

export function replyLost(message: string, cause?: unknown): OutcomeUnknownError {
  return new OutcomeUnknownError('REPLY_LOST', message, { cause });
}

/** The reason of anything that was thrown; several addresses that all failed have one each. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return [...new Set(thrown.errors.map(reasonOf))].join('; ');
  const code = (thrown as { readonly code?: unknown } | undefined)?.code;
  const message = messageOf(thrown).replaceAll(/\s+/g, ' ').trim();
  return typeof code === 'string' && !message.includes(code) ? `${message} (${code})` : message;
}
