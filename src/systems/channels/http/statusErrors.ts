/** What an answer that is no success means for the caller (RFC 9110 §15), and why a request got none. */
import type { SixfoldError } from '../../../kernel/errors.js';
import { overloaded, reasonOf, refused, replyLost, unreachable } from '../channelErrors.js';
import type { Head } from './Exchange.js';

export interface Answer {
  readonly head: Head;
  /** As much of the body as is kept, without credentials. */
  readonly text: string;
  /** The request, such as `POST https://shop.test/reservations`. */
  readonly request: string;
  /** The method changes nothing, so that no answer leaves a doubt. */
  readonly isSafe: boolean;
  /** Milliseconds since the epoch, for a `Retry-After` that is a date. */
  readonly now: number;
}

/** A body beyond this is no description of a problem. */
export const PROBLEM_BYTES_MAX = 8 * 1024;
const TEXT_SHOWN_CHARACTERS = 300;
export function statusError(answer: Answer): SixfoldError {
  const { head, request, isSafe } = answer;
  const problem = problemOf(answer);
  const said = problem ? [problem.title, problem.detail].filter((part) => typeof part === 'string').join(': ') : shortText(answer);
  const message = `${request} was answered ${head.status}${said === '' ? '' : `: ${said}`}`;
  const details = { status: head.status, ...(problem ? { problem } : {}) };
  if ([425, 429, 503].includes(head.status)) return overloaded(message, retryAfterMs(head, answer.now), details);
  if (isRefusal(head.status, isSafe)) return refused(message, { ...details, ...locationOf(head) });
  return replyLost(`${message}; whether it was done is not known.`);
}

/** A redirect is not followed: 307 and 308 say that nothing was done here, the others may come after the deed. */
function isRefusal(status: number, isSafe: boolean): boolean {
  if (status >= 300 && status < 400) return isSafe || status === 307 || status === 308;
  return status >= 400 && status < 500 && status !== 408;
}

function locationOf({ status, headers }: Head): object {
  const { location } = headers;
  return status < 400 && typeof location === 'string' ? { location } : {};
}

/** Problem details (RFC 9457), or another JSON object that a server sends as such. */
function problemOf({ head, text }: Answer): Record<string, unknown> | undefined {
  if (!/\bjson\b/i.test(String(head.headers['content-type'] ?? ''))) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // Cut off, or broken: the status says enough.
  }
}

function shortText({ head, text }: Answer): string {
  return /^text\/plain\b/i.test(String(head.headers['content-type'] ?? '')) ? text.trim().slice(0, TEXT_SHOWN_CHARACTERS) : '';
}

/** `Retry-After` is seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs({ headers }: Head, now: number): number | undefined {
  const value = String(headers['retry-after'] ?? '').trim();
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Why a request had no answer, or only a part of one. */
export function transportError(error: unknown, request: string, isSent: boolean): SixfoldError {
  const reason = reasonOf(error);
  if (!isSent) return unreachable(`${request} was not sent: ${reason}`, error);
  return replyLost(`${request} was sent, and the reply was lost: ${reason}`, error);
}
