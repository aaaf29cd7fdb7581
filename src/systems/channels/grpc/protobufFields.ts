/** Reads and writes the few messages that belong to gRPC itself, so that no schema has to be loaded for them. */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Values by field number, in order. Numbers that do not fit are cut off. @throws RangeError for bytes that are no message */
function protobufFields(message: Buffer): ReadonlyMap<number, readonly (number | Buffer)[]> {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
      if (shift > 63n) throw new RangeError('a varint is too long');
    }
  };
  const bytes = (length: number): Buffer => {
    if (length < 0 || at + length > message.length) throw new RangeError('a field is longer than its message');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (![VARINT, FIXED64, BYTES, FIXED32].includes(kind)) throw new RangeError(`there is no field of kind ${kind}`);
    const value = kind === VARINT ? varint() : bytes(kind === BYTES ? varint() : kind === FIXED64 ? 8 : 4);
    const number = Math.floor(tag / 8);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

/** A message whose field 1 is the text. */
export function textMessage(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  const bytes = Buffer.from(text, 'utf8');
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), bytes]);
}

/** The last value of a field that is a number; 0 is what an absent one means. */
export function numberIn(message: Buffer, field: number): number {
  const value = protobufFields(message).get(field)?.at(-1);
  return typeof value === 'number' ? value : 0;
}

/** All values of a field that are messages or text. */
export function bytesIn(message: Buffer, field: number): Buffer[] {
  return (protobufFields(message).get(field) ?? []).filter((value) => Buffer.isBuffer(value));
}
