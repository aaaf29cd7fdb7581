/**
 * Which open runs this process may take, and taking them.
 *
 * Owns: the selects and the update. Does not own: the transaction. Invariant: a run that has an owner is never taken; the
 * row of a process that is gone must have been removed before.
 */
import type { SQLInputValue } from 'node:sqlite';
import type { RunRow } from '../../run/RunJournal.js';
import type { Wanted } from '../Journal.js';
import { RUN_COLUMNS, runRowOf } from './runRows.js';
import type { Statements } from './Statements.js';

const FREE = 'run.status IS NULL AND run.owner IS NULL';
const KNOWN = 'run.command IN (SELECT value FROM json_each(?))';

/** Row ids in the order in which they are to be taken. */
const CANDIDATES = {
  id: `SELECT id FROM run WHERE ${FREE} AND uid = ? AND ${KNOWN} LIMIT ?`,
  // The index begins with the command: runs of commands that nobody here knows are not looked at, however many are due.
  due: `SELECT id, due FROM run WHERE ${FREE} AND command = ? AND standing = 'waiting' AND due IS NOT NULL AND due <= ? ORDER BY due LIMIT ?`,
  mailed: `SELECT run.id FROM mail CROSS JOIN run ON run.id = mail.run WHERE ${FREE} AND run.standing = 'waiting' AND ${KNOWN}
    GROUP BY run.id ORDER BY min(mail.id) LIMIT ?`,
  abandoned: `SELECT id FROM run WHERE ${FREE} AND standing IN ('running', 'stopped') AND (? OR standing = 'running') AND ${KNOWN}
    ORDER BY started_at, id LIMIT ?`,
  nextDue: "SELECT min(due) AS due FROM run WHERE command = ? AND due IS NOT NULL AND standing = 'waiting'",
} as const;

const TAKE = `UPDATE run SET owner = ?, standing = 'running', due = NULL, waits = '[]' WHERE id = ? RETURNING ${RUN_COLUMNS}`;

export class Claims {
  private commands: readonly string[] = [];

  constructor(private readonly statements: Statements) {}

  attach(commands: readonly string[]): void {
    this.commands = commands;
  }

  /** The commands as a value of a statement. */
  get known(): string {
    return JSON.stringify(this.commands);
  }

  candidates(wanted: Wanted, limit: number): readonly number[] {
    if ('id' in wanted) return this.ids(CANDIDATES.id, wanted.id, this.known, limit);
    if ('dueBy' in wanted) return this.due(wanted.dueBy, limit);
    if ('mailed' in wanted) return this.ids(CANDIDATES.mailed, this.known, limit);
    return this.ids(CANDIDATES.abandoned, wanted.stopped ? 1 : 0, this.known, limit);
  }

  /** Inside a transaction. */
  take(wanted: Wanted, limit: number, process: number): readonly RunRow[] {
    return this.candidates(wanted, limit).map((id) => this.takeOne(id, process));
  }

  takeOne(id: number, process: number): RunRow {
    return runRowOf(this.statements.get(TAKE, process, id));
  }

  nextDue(): number | undefined {
    const times = this.commands.map((command) => this.statements.get(CANDIDATES.nextDue, command)?.due);
    const due = times.filter((time) => typeof time === 'number');
    return due.length === 0 ? undefined : Math.min(...due);
  }

  private due(by: number, limit: number): readonly number[] {
    return this.commands
      .flatMap((command) => this.statements.all(CANDIDATES.due, command, by, limit))
      .toSorted((one, other) => Number(one.due) - Number(other.due) || Number(one.id) - Number(other.id))
      .slice(0, limit)
      .map(({ id }) => Number(id));
  }

  private ids(sql: string, ...values: SQLInputValue[]): readonly number[] {
    return this.statements.all(sql, ...values).map(({ id }) => Number(id));
  }
}
