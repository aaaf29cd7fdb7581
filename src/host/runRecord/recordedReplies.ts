/** Replies of systems that broke their contract, kept to be looked at. */
import type { JournalRecord } from '../../engine/Record.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import type { SixfoldError } from '../../kernel/errors.js';
import { isInvalidReply } from './attemptFate.js';
import { plainText, plainValue } from './plainValue.js';
import type { RecordedReply } from './RunRecordDocument.js';

/** Causes deeper than this are not looked at. */
const CAUSES_MAX = 10;

/** In the order in which they came. Secrets were taken out before they were recorded. */
export function recordedReplies(records: readonly JournalRecord[], codec: Codec): readonly RecordedReply[] {
  return records.flatMap((record) => {
    const text = errorText(record);
    const error = text === undefined ? undefined : invalidReplyIn(codec.decode(text));
    if (!error) return [];
    const { violations, reply } = error.details;
    const { seq, at, label } = record;
    const said = { code: error.code, violations: Array.isArray(violations) ? violations.map(violationText) : [] };
    return [{ seq, at: new Date(at).toISOString(), step: label, ...said, reply: plainValue(reply) }];
  });
}

/** The text of the error of a record of a step; undefined where there is none. */
function errorText({ kind, status, body }: JournalRecord): string | undefined {
  if (body === null || status === 'succeeded') return undefined;
  if (kind === 'step-attempted') return (JSON.parse(body) as { readonly error?: string }).error;
  return kind === 'step-ended' ? body : undefined;
}

function invalidReplyIn(thrown: unknown, depth = 0): SixfoldError | undefined {
  if (isInvalidReply(thrown)) return thrown;
  return thrown instanceof Error && depth < CAUSES_MAX ? invalidReplyIn(thrown.cause, depth + 1) : undefined;
}

/** `lines[0].sku: must be a string` */
function violationText(violation: unknown): string {
  const { path, message } = (violation ?? {}) as { readonly path?: unknown; readonly message?: unknown };
  if (message === undefined) return plainText(violation);
  return path === undefined || path === '' ? plainText(message) : `${plainText(path)}: ${plainText(message)}`;
}
