/** Data as indented JSON for a pipe. What JSON lacks is shown as what comes nearest: big numbers as digits, maps and sets as lists. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, (_key, field: unknown) => asJson(field), 2) ?? ''}\n`;
}

/** The same on one line, for a person. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => asJson(field)) ?? '';
}

function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Map || value instanceof Set ? [...value] : value;
}
