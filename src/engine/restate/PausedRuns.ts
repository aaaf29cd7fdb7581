/**
 * Which runs are paused in Restate. It pauses those that an operator wants paused, and those that have tried too often where its own
 * configuration has a limit; they go on when somebody resumes them.
 *
 * Owns: what it was told last, for a moment, so that many who wait for runs ask once.
 */
import { type Admin, quoted } from './Admin.js';
import { type Address, RUN } from './RunAddress.js';

/** How long an answer is good. */
const KEPT_MS = 1000;

interface PausedRow {
  readonly id: string;
  readonly target_service_name: string;
  readonly target_service_key: string;
}

interface EventRow {
  readonly id: string;
  readonly event_json: string;
}

interface PausedEvent {
  readonly last_failure?: { readonly error_message?: string };
}

export class PausedRuns {
  private told: { readonly at: number; readonly reasons: Promise<ReadonlyMap<string, string>> } | undefined;

  constructor(private readonly admin: Admin) {}

  /** Why a run is paused, in words; undefined when it is not. May be out of date by a second. */
  async reasonOf(address: Address): Promise<string | undefined> {
    const now = performance.now();
    if (!this.told || now - this.told.at > KEPT_MS) this.told = { at: now, reasons: this.reasons() };
    return (await this.told.reasons).get(nameOf(address));
  }

  /** Goes on with a run if it is paused. */
  async resume({ service, key }: Address): Promise<void> {
    const rows = await this.rows(`AND target_service_name = ${quoted(service)} AND target_service_key = ${quoted(key)}`);
    for (const { id } of rows) await this.admin.resume(id);
    this.told = undefined;
  }

  private async reasons(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.rows('');
    const reasons = await pauseReasons(
      this.admin,
      rows.map(({ id }) => id),
    );
    return new Map(rows.map((row) => [nameOf({ service: row.target_service_name, key: row.target_service_key }), reasons(row.id)]));
  }

  private rows(where: string): Promise<readonly PausedRow[]> {
    return this.admin.rows<PausedRow>(
      `SELECT id, target_service_name, target_service_key FROM sys_invocation_status
       WHERE status = 'paused' AND target_service_ty = 'workflow' AND target_handler_name = ${quoted(RUN)} ${where}`,
    );
  }
}

/** @returns tells why one of these invocations is paused */
export async function pauseReasons(admin: Admin, invocations: readonly string[]): Promise<(invocation: string) => string> {
  const events =
    invocations.length === 0
      ? []
      : await admin.rows<EventRow>(
          `SELECT id, event_json FROM sys_journal_events WHERE event_type = 'Paused' AND id IN (${invocations.map(quoted).join(', ')})
           ORDER BY appended_at`,
        );
  const last = new Map(events.map(({ id, event_json }) => [id, JSON.parse(event_json) as PausedEvent]));
  return (invocation) => {
    const failure = last.get(invocation)?.last_failure?.error_message;
    return failure === undefined ? 'it was paused in Restate.' : `it was paused in Restate, after "${failure}".`;
  };
}

function nameOf({ service, key }: Address): string {
  return `${service}.${key}`;
}
