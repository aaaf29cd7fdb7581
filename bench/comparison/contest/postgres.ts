/** The PostgreSQL of the machine, on loopback or where PGHOST, PGPORT and PGUSER say, in which DBOS keeps its workflows. */
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { dropPGDatabase } from '@dbos-inc/dbos-sdk/internal/database_utils';

const { PGHOST: host = '127.0.0.1', PGPORT: port = '5432', PGUSER: user = userInfo().username } = process.env;
export const POSTGRES = `${host}:${port}`;

/** Answers with its end whether the user may make databases there. */
const KNOCK = `
const { Client } = require('node:module').createRequire(require.resolve('@dbos-inc/dbos-sdk'))('pg');
const client = new Client({ connectionString: 'postgres://${user}@${POSTGRES}/postgres', connectionTimeoutMillis: 3000 });
const mayMake = 'SELECT rolcreatedb OR rolsuper AS may FROM pg_roles WHERE rolname = current_user';
client.connect().then(() => client.query(mayMake)).then(({ rows }) => process.exit(rows[0]?.may ? 0 : 1), () => process.exit(1));
`;

/** It runs, and the user may make a database in it. */
export function hasPostgres(): boolean {
  return spawnSync(process.execPath, ['-e', KNOCK], { cwd: __dirname, timeout: 5000 }).status === 0;
}

/** A database of its own for one test, which DBOS makes when it starts and which is dropped afterwards. */
export class Database implements AsyncDisposable {
  readonly url = `postgres://${user}@${POSTGRES}/sixfold_comparison_${process.pid}`;

  async [Symbol.asyncDispose](): Promise<void> {
    await dropPGDatabase(this.url, console);
  }
}
