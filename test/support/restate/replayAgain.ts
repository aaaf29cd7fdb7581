/** Asks a worker to go on with an invocation whose journal has its output, as Restate does when the node died before it noted the end. */
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { type Invocation, sql } from '../../../bench/support/restate/invocations.js';

/** Types of messages: https://github.com/restatedev/service-protocol. A notification has a bit more than what it completes. */
const TYPES = {
  Input: 0x400,
  Output: 0x401,
  GetLazyState: 0x402,
  SetState: 0x403,
  ClearState: 0x404,
  GetEagerState: 0x407,
  GetPromise: 0x409,
  PeekPromise: 0x40a,
  CompletePromise: 0x40b,
  Sleep: 0x40c,
  Call: 0x40d,
  OneWayCall: 0x40e,
  CallInvocationId: 0x40e,
  Run: 0x411,
};
const COMPLETION = 0x8000 - 0x400;
const START = 0;
const ERROR = 2;
const END = 3;
const CONTENT_TYPE = 'application/vnd.restate.invocation.v6';

interface EntryRow {
  readonly entry_type: string;
  /** Protocol buffers in hexadecimal. */
  readonly raw: string;
}

/** @returns undefined when the worker says that the invocation has ended, else what it says instead */
export async function replayAgain(workerUrl: string, adminUrl: string, invocation: Invocation): Promise<string | undefined> {
  const { id, target_service_name: service, target_handler_name: handler, target_service_key: key = '' } = invocation;
  const entries = await sql<EntryRow>(adminUrl, `SELECT entry_type, raw FROM sys_journal WHERE id = '${id}' ORDER BY index`);
  const start = Buffer.concat([field(1, 'replayed'), field(2, id), Buffer.from([3 << 3]), varint(entries.length), field(6, key)]);
  const messages = entries.map(({ entry_type: type, raw }) => message(typeOf(type), Buffer.from(raw, 'hex')));
  const session = connect(workerUrl);
  try {
    const request = session.request({ ':method': 'POST', ':path': `/invoke/${service}/${handler}`, 'content-type': CONTENT_TYPE });
    request.end(Buffer.concat([message(START, start), ...messages]));
    const reply = await buffer(request);
    const type = reply.length >= 8 ? reply.readUInt16BE(0) : undefined;
    return type === END ? undefined : `${type === ERROR ? '' : `type ${type} `}${reply.subarray(8).toString()}`;
  } finally {
    session.destroy();
  }
}

function typeOf(entryType: string): number {
  const [kind, name = ''] = entryType.split(': ');
  const type = TYPES[name as keyof typeof TYPES] as number | undefined;
  if (type === undefined) throw new Error(`which message is "${entryType}"?`);
  return kind === 'Notification' ? type + COMPLETION : type;
}

function message(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(type, 0);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

function field(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
