/**
 * The anchor of a journal: how far every run had come, to be kept where whoever can write to the journal cannot.
 *
 * Owns: what is in it, its signature. Does not own: the chains of hashes, which the engine checks as it reads a run.
 * Invariant: what is signed is all but the signature, in one form whatever the file looks like.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SixfoldError, UsageError } from '../kernel/errors.js';
import { SecretVault } from '../kernel/SecretVault.js';
import type { CommandRunner } from './CommandRunner.js';
import { environmentSecrets } from './secretProviders.js';

interface AnchoredRun {
  readonly id: string;
  /** Number and hash of its last record. */
  readonly seq: number;
  readonly hash: string;
  readonly ended: boolean;
}

export interface JournalAnchor {
  /** Another number where a reader of this shape would misread it. */
  readonly format: 1;
  /** ISO 8601. */
  readonly at: string;
  /** By id. */
  readonly runs: readonly AnchoredRun[];
  /** `hmac-sha256:` and base64url; null for an anchor that was made without a key. */
  readonly signature: string | null;
}

/** What became of a run that is altered, or not there as it was anchored. */
export interface AnchorFinding {
  readonly run: string;
  /**
   * `altered` is not as it was written; `gone` was anchored and is not there; `unconfirmed` is intact as it is, but the anchored
   * record was inside a part that has ended since, and is dropped.
   */
  readonly verdict: 'altered' | 'gone' | 'unconfirmed';
  readonly reason: string;
}

export interface Verification {
  /** Runs of the journal whose chain was checked. */
  readonly checked: number;
  /** Of them, those that pass through what the anchor has of them. */
  readonly confirmed: number;
  readonly findings: readonly AnchorFinding[];
}

/** A key of fewer characters could be found by trying. */
const KEY_CHARACTERS_MIN = 16;
const ALGORITHM = 'hmac-sha256:';
const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** The key that a reference such as `env:NAME` names; none for none. @throws UsageError `SECRET_NOT_FOUND`, `SECRET_TOO_SHORT` */
export async function anchorKey(reference: string | undefined): Promise<string | undefined> {
  if (reference === undefined) return undefined;
  const key = await new SecretVault([environmentSecrets()]).resolve(reference);
  if (key.length >= KEY_CHARACTERS_MIN) return key;
  throw new UsageError(
    'SECRET_TOO_SHORT',
    `The key ${reference} has fewer than ${KEY_CHARACTERS_MIN} characters, so it could be found by trying. Use a longer one.`,
  );
}

/**
 * Reads every run, and checks its chain on the way.
 *
 * @throws InvariantViolation `JOURNAL_ALTERED`: an altered journal is not anchored
 */
export async function anchorOf(runner: CommandRunner, key: string | undefined, now: Date): Promise<JournalAnchor> {
  const runs: AnchoredRun[] = [];
  for (const { id } of await runner.runs(EVERYTHING)) {
    const { records, endedAt } = await runner.history(id);
    const last = records.at(-1);
    if (last) runs.push({ id, seq: last.seq, hash: last.hash, ended: endedAt !== null });
  }
  const unsigned = { format: 1, at: now.toISOString(), runs: runs.toSorted(byId) } as const;
  return { ...unsigned, signature: key === undefined ? null : signatureOf(unsigned, key) };
}

/**
 * @param text what `sixfold runs anchor` wrote
 * @param key undefined for an anchor that has no signature
 * @throws UsageError `ANCHOR_INVALID`, `ANCHOR_REFUSED`
 */
export function readAnchor(text: string, key: string | undefined): JournalAnchor {
  const anchor = parsedAnchor(text);
  const { signature, ...unsigned } = anchor;
  if (signature === null && key === undefined) return anchor;
  if (signature === null) throw refused('It has no signature, and a key was given: anybody could have written it');
  if (key === undefined) throw refused('It is signed, so that it can only be trusted with its key: give --key');
  const expected = Buffer.from(signatureOf(unsigned, key));
  const given = Buffer.from(signature);
  if (expected.length === given.length && timingSafeEqual(expected, given)) return anchor;
  throw refused('Its signature is not that of its content with this key');
}

/** Checks the chain of every run, and that each anchored one is there and passes through what was anchored. */
export async function verifyJournal(runner: CommandRunner, anchor: JournalAnchor | undefined): Promise<Verification> {
  const anchored = new Map(anchor?.runs.map((run) => [run.id, run]));
  const findings: AnchorFinding[] = [];
  let checked = 0;
  let confirmed = 0;
  for (const { id } of await runner.runs(EVERYTHING)) {
    const expected = anchored.get(id);
    anchored.delete(id);
    const finding = await findingOf(id, expected, runner);
    checked += 1;
    if (finding) findings.push(finding);
    else if (expected) confirmed += 1;
  }
  for (const [run, { seq }] of anchored) {
    findings.push({ run, verdict: 'gone', reason: `it was anchored with ${seq} records, and is not in the journal` });
  }
  return { checked, confirmed, findings: findings.toSorted((one, other) => (one.run < other.run ? -1 : 1)) };
}

async function findingOf(run: string, expected: AnchoredRun | undefined, runner: CommandRunner): Promise<AnchorFinding | undefined> {
  try {
    const { records } = await runner.history(run);
    if (!expected) return undefined;
    const { seq, hash, ended } = expected;
    const record = records.find((candidate) => candidate.seq === seq);
    if (record?.hash === hash) return undefined;
    // The end of a run is in no part, and is never dropped.
    if (record || ended || seq > (records.at(-1)?.seq ?? 0)) {
      const what = record ? 'is not the one that was anchored' : 'was anchored and is not there';
      return { run, verdict: 'altered', reason: `record ${seq} ${what}` };
    }
    return { run, verdict: 'unconfirmed', reason: `record ${seq} was inside a part that has ended since, and is dropped` };
  } catch (error) {
    if (error instanceof SixfoldError && error.code === 'JOURNAL_ALTERED') return { run, verdict: 'altered', reason: error.message };
    throw error;
  }
}

function signatureOf({ format, at, runs }: Omit<JournalAnchor, 'signature'>, key: string): string {
  const content = JSON.stringify([format, at, runs.map(({ id, seq, hash, ended }) => [id, seq, hash, ended])]);
  return `${ALGORITHM}${createHmac('sha256', key).update(content).digest('base64url')}`;
}

function parsedAnchor(text: string): JournalAnchor {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError('ANCHOR_INVALID', 'The anchor is not JSON. Give a file that `sixfold runs anchor` wrote.', { cause });
  }
  if (isAnchor(value)) return value;
  throw new UsageError('ANCHOR_INVALID', 'The anchor has another shape than `sixfold runs anchor` writes. Give such a file.');
}

function isAnchor(value: unknown): value is JournalAnchor {
  const { format, at, runs, signature } = (value ?? {}) as Partial<Record<keyof JournalAnchor, unknown>>;
  const signed = signature === null || typeof signature === 'string';
  return format === 1 && typeof at === 'string' && signed && Array.isArray(runs) && runs.every(isAnchored);
}

function isAnchored(run: unknown): run is AnchoredRun {
  const { id, seq, hash, ended } = (run ?? {}) as Partial<Record<keyof AnchoredRun, unknown>>;
  return typeof id === 'string' && Number.isInteger(seq) && typeof hash === 'string' && typeof ended === 'boolean';
}

function byId({ id: one }: AnchoredRun, { id: other }: AnchoredRun): number {
  return one < other ? -1 : 1;
}

function refused(why: string): UsageError {
  return new UsageError('ANCHOR_REFUSED', `The anchor is not taken. ${why}.`);
}
