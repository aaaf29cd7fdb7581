/** The PostgreSQL of the machine, on loopback or where PGHOST, PGPORT and PGUSER say, in which DBOS keeps its workflows. */
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { dropPGDatabase } from '@dbos-inc/dbos-sdk/internal/database_utils';

const { PGHOST: host = '127.0.0.1', PGPORT: port = '5432', PGUSER: user = userInfo().username } = process.env;
export const POSTGRES = `${host}:${port}`;

/** Somebody listens there. */
export function hasPostgres(): boolean {
  const knock = `require('node:net').connect(${port}, '${host}').once('connect', () => process.exit(0)).once('error', () => process.exit(1))`;
  return spawnSync(process.execPath, ['-e', knock], { timeout: 5000 }).status === 0;
}

/** A database of its own for one test, which DBOS makes when it starts and which is dropped afterwards. */
export class Database implements AsyncDisposable {
  readonly url = `postgres://${user}@${POSTGRES}/sixfold_comparison_${process.pid}`;

  async [Symbol.asyncDispose](): Promise<void> {
    await dropPGDatabase(this.url, console);
  }
}
