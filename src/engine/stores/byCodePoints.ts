/** The order of texts by their code points, as SQLite has it; that of JavaScript is by UTF-16 code units. */
export function byCodePoints(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
