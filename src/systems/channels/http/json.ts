/** JSON of replies: a whole body, or one value a line (`application/x-ndjson`). */
import type { HttpReply } from './HttpReply.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const NEWLINE = 0x0a;

/** The value of a body; undefined for none. @throws OutcomeUnknownError `REPLY_LOST` for a body that is no JSON */
export async function jsonOf(reply: HttpReply, bytesMax: number): Promise<unknown> {
  const bytes = await reply.bytes(bytesMax);
  return bytes.length === 0 ? undefined : parsed(bytes, reply);
}

/**
 * The values of a body, line by line as they come. Empty lines keep a connection alive, and are left out.
 *
 * @throws OutcomeUnknownError `REPLY_LOST` for a line that is no JSON or too long
 */
export async function* jsonLinesOf(reply: HttpReply, bytesMax: number): AsyncGenerator<unknown, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reply.chunks()) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]);
      parts = [];
      bytes = 0;
      from = end + 1;
      if (line.length > bytesMax) throw tooLong(reply, bytesMax);
      if (!isBlank(line)) yield parsed(line, reply);
    }
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > bytesMax) throw tooLong(reply, bytesMax);
  }
  const last = Buffer.concat(parts);
  if (!isBlank(last)) yield parsed(last, reply);
}

function parsed(bytes: Buffer, reply: HttpReply): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw reply.unreadable('is no JSON', error);
  }
}

function isBlank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === 0x0d);
}

function tooLong(reply: HttpReply, bytesMax: number): Error {
  return reply.unreadable(`has a line of more than the ${bytesMax} bytes that replyBytesMax allows`);
}
