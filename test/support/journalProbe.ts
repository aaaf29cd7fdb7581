/** A process of its own that uses a journal as it is told over IPC. Its arguments are the file and options as JSON. */
import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Wanted } from '../../src/engine/embedded/Journal.js';
import { SqliteJournal } from '../../src/engine/embedded/SqliteJournal.js';
import { addRun, addStep, type Begun } from './journals.js';

const [file = '', options = '{}'] = process.argv.slice(2);
const tell = (message: object): void => void process.send?.(message);
const logger = { debug: () => undefined, info: () => undefined, error: () => undefined, warn: (said: string) => tell({ warning: said }) };
let journal: SqliteJournal;
let begun: Begun;
let lock: DatabaseSync | undefined;

function become(uid: number): void {
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
}

const CALLS = {
  open: () => {
    const { uid, ...given } = JSON.parse(options) as { readonly uid?: number };
    if (uid !== undefined) become(uid);
    journal = new SqliteJournal({ file, readOnly: false, fsync: false, ...given }, logger);
    journal.attach({ changed: () => undefined, fenced: () => tell({ fenced: true }) }, ['walk']);
  },
  begin: async () => {
    begun = addRun(journal);
    await journal.committed();
    return begun.run.id;
  },
  append: (name: string) => addStep(begun, name),
  idle: () => journal.idle,
  commit: () => journal.committed(),
  claim: async (wanted: Wanted, limit: number) => (await journal.claim(wanted, limit)).map(({ id }) => id),
  /** Appends and commits so many records one after the other, and writes a line for each once it may be relied on. */
  acknowledge: async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      addStep(begun, `s${n}`);
      await journal.committed();
      writeSync(1, `ack ${n}\n`);
    }
  },
  /** As if it stood still inside a commit. @param forMs forever without it */
  holdLock: (forMs?: number) => {
    lock = new DatabaseSync(file);
    lock.exec('BEGIN IMMEDIATE');
    if (forMs !== undefined) setTimeout(() => lock?.close(), forMs);
  },
  close: () => journal.close(),
} as const;

type Call = (...values: unknown[]) => unknown;

async function answer({ call, values }: { call: keyof typeof CALLS; values: unknown[] }): Promise<void> {
  try {
    tell({ answer: (await (CALLS[call] as Call)(...values)) ?? null });
  } catch (error) {
    const { code = 'none', message } = error as Error & { code?: string };
    tell({ refused: { code, message } });
  }
}

process.on('message', (message: Parameters<typeof answer>[0]) => void answer(message));
