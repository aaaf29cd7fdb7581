/** What a Restate server knows of its invocations. */
import { setTimeout as wait } from 'node:timers/promises';

/** A row of `sys_invocation`. What is unknown is left out. Times are ISO 8601. */
export interface Invocation {
  readonly id: string;
  /** `Service/handler`, or `Service/key/handler`. */
  readonly target: string;
  readonly target_service_name: string;
  readonly target_service_key?: string;
  readonly target_handler_name: string;
  readonly target_service_ty: 'service' | 'virtual_object' | 'workflow';
  readonly idempotency_key?: string;
  readonly invoked_by: string;
  readonly invoked_by_id?: string;
  readonly status: 'pending' | 'scheduled' | 'ready' | 'running' | 'backing-off' | 'suspended' | 'paused' | 'completed';
  readonly completion_result?: 'success' | 'failure';
  readonly completion_failure?: string;
  readonly created_at: string;
  readonly modified_at: string;
  readonly completed_at?: string;
  /** The deployment that began it, which has every later attempt too. */
  readonly pinned_deployment_id?: string;
  readonly last_attempt_deployment_id?: string;
  readonly retry_count?: number;
  readonly next_retry_at?: string;
  /** Not of one that is paused: `sys_journal_events` has it then. */
  readonly last_failure?: string;
  readonly last_failure_error_code?: string;
  readonly last_failure_related_command_name?: string;
  readonly journal_size?: number;
}

/** Of a query that is right: a partition has no leader, its leader is not reached, or it moves to another node. */
const IS_MOVING = /Datafusion error: .*External error: /;
const TRIES_MAX = 200;
const TRY_EVERY_MS = 50;

/**
 * Rows of a query.
 *
 * @param triesMax how often it is asked while partitions move, which they do for seconds after a node went or came
 * @throws when the server refuses it
 */
export async function sql<Row>(adminUrl: string, query: string, triesMax = TRIES_MAX): Promise<Row[]> {
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(`${adminUrl}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.ok) return ((await answer.json()) as { rows: Row[] }).rows;
    const why = await answer.text();
    if (tries === triesMax || !IS_MOVING.test(why)) throw new Error(`${query}: ${answer.status} ${why}`);
    await wait(TRY_EVERY_MS);
  }
}

/** @param where a condition in SQL, such as `status <> 'completed'` */
export function invocations(adminUrl: string, where = 'true'): Promise<Invocation[]> {
  return sql<Invocation>(adminUrl, `SELECT * FROM sys_invocation WHERE ${where} ORDER BY created_at, id`);
}
