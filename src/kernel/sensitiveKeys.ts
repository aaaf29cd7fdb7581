/** Redaction by name: what is kept under such a key is not shown, whatever it is. */

const SENSITIVE = /(password|passwd|passphrase|secret|token|authorization|cookie|credentials?|(api|private|access|signing)[-_]?key)$/i;
/** Deeper than this, and after so many values, the rest is left out: a log line is not a dump. */
const DEPTH_MAX = 8;
const ENTRIES_MAX = 1000;

export const REDACTED = '[redacted]';

export function isSensitiveKey(key: string): boolean {
  return SENSITIVE.test(key);
}

/**
 * A copy of plain data without the values of sensitive keys. A reference to a secret is shown, since it is none.
 *
 * @param text applied to every text that is kept
 */
export function withoutSensitive(value: unknown, text: (kept: string) => string = (kept) => kept): unknown {
  let entries = 0;
  const visit = (present: unknown, depth: number): unknown => {
    if (typeof present === 'string') return text(present);
    if (typeof present !== 'object' || present === null || present instanceof Date) return present;
    entries += 1;
    if (depth > DEPTH_MAX || entries > ENTRIES_MAX) return '[…]';
    if (Array.isArray(present)) return present.map((item) => visit(item, depth + 1));
    if (present instanceof Error) return { name: present.name, message: text(present.message) };
    return Object.fromEntries(
      Object.entries(present).map(([key, inner]) => [key, isSensitiveKey(key) ? hidden(inner) : visit(inner, depth + 1)]),
    );
  };
  return visit(value, 0);
}

function hidden(value: unknown): unknown {
  return value === undefined || value === null ? value : REDACTED;
}
