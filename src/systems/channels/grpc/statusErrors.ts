/** What a status of gRPC means for the caller. */
import type { Metadata } from '@grpc/grpc-js';
import type { SixfoldError } from '../../../kernel/errors.js';
import { overloaded, refused, replyLost, unreachable } from '../channelErrors.js';
import { bytesIn, numberIn } from './protobufFields.js';

export interface FailedCall {
  /** The request in words, such as `shop.Warehouse/Reserve at localhost:50051`. */
  readonly request: string;
  readonly code: number;
  /** Without credentials. */
  readonly message: string;
  readonly metadata: Metadata | undefined;
  /** It was handed to a connection, so that the other side may have it. */
  readonly isSent: boolean;
}

/** Names of the status codes, by number. */
const STATUS = (
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED ' +
  'FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'
).split(' ');
const REFUSALS = new Set(
  'INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED UNAUTHENTICATED FAILED_PRECONDITION OUT_OF_RANGE UNIMPLEMENTED'.split(' '),
);
const OVERLOADS = new Set(['RESOURCE_EXHAUSTED', 'ABORTED']);
/** grpc-js says these by itself, under codes that would mean that nothing was done. */
const SAID_BY_THE_CLIENT =
  /^(?:Received message larger than max|Bandwidth exhausted or memory limit exceeded|No message received$|Too many responses received$)/;
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

export function statusError({ request, code, message: details, metadata, isSent }: FailedCall): SixfoldError {
  const status = STATUS[code] ?? String(code);
  const message = details.replaceAll(/\s+/g, ' ').replace(/\.? ?Resolution note: ?$/, '');
  const said = `${status}${message === '' ? '' : `: ${message}`}`;
  if (!isSent) return unreachable(`${request} was not sent: ${message}`);
  if (!SAID_BY_THE_CLIENT.test(message)) {
    if (REFUSALS.has(status)) return refused(`${request} was answered ${said}`, { status });
    if (OVERLOADS.has(status)) return overloaded(`${request} was answered ${said}`, metadata && retryAfterMs(metadata), { status });
  }
  return replyLost(`${request} was sent, and the reply was lost: ${said}`);
}

/** By `retry-after-ms`, by the push-back of gRPC's own retries, or by `google.rpc.RetryInfo` in the details of the status. */
function retryAfterMs(metadata: Metadata): number | undefined {
  for (const name of ['retry-after-ms', 'grpc-retry-pushback-ms']) {
    const [value] = metadata.get(name);
    if (typeof value === 'string' && /^\d{1,12}$/.test(value)) return Number(value);
  }
  const [status] = metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(status)) return undefined;
  try {
    return retryDelayMs(status);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // Somebody else's details.
    throw error;
  }
}

/** Of a `google.rpc.Status`: details = 3, each an `Any` of type_url = 1 and value = 2; in it retry_delay = 1 of seconds = 1 and nanos = 2. */
function retryDelayMs(status: Buffer): number | undefined {
  const info = bytesIn(status, 3).find((any) => bytesIn(any, 1)[0]?.toString('utf8') === RETRY_INFO);
  const [delay] = info ? bytesIn(bytesIn(info, 2)[0] ?? Buffer.alloc(0), 1) : [];
  return delay && Math.max(0, numberIn(delay, 1) * 1000 + Math.ceil(numberIn(delay, 2) / 1e6));
}
