/**
 * Crashes without a process: a scenario runs to its end in this one, and what a crash would have left behind is kept for every
 * point, so that the scenario can be gone on with from there.
 *
 * Owns: copies of journals. Does not own: the engine, which is the real one on a real file. Invariant: the log of a database that
 * is not checkpointed only grows, so that its first part is what it was.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { journalOf } from './crashLog.js';
import { type JournalWatch, type Point, type Side, watchJournals } from './crashPoints.js';
import { goOn, type Line, storyOf } from './crashTrial.js';

/** What a process leaves behind that has died. */
export interface Remains {
  readonly database: Buffer;
  readonly wal: Buffer;
  readonly lines: readonly Line[];
}

/** Points that leave the same behind. */
interface Moment {
  readonly points: Point[];
  readonly lines: number;
  readonly wal: number;
}

/** A life takes a hundredth of it. */
const STILL_MS = 10_000;
/** No process has it: larger than any. */
const DEAD_PID = 2 ** 30;

/** One life of a scenario, from its beginning or from what another left. */
export class SimulatedLife implements JournalWatch {
  readonly pid = DEAD_PID;
  readonly lines: Line[];
  readonly moments: Moment[] = [];
  readonly file: string;
  private readonly chunks: Buffer[] = [];
  private walLength = 0;
  private database: Buffer | undefined;
  private settings: DatabaseSync | undefined;

  constructor(
    readonly scenario: string,
    private readonly folder: string,
    remains?: Remains,
  ) {
    mkdirSync(folder, { recursive: true });
    this.file = journalOf(folder);
    this.lines = [...(remains?.lines ?? [])];
    if (!remains) return;
    writeFileSync(this.file, remains.database);
    if (remains.wal.length > 0) writeFileSync(`${this.file}-wal`, remains.wal);
  }

  /** Goes on to the end. */
  async live(): Promise<void> {
    const log = { lines: this.lines, add: (line: Line) => void this.lines.push(line) };
    await goOn({ scenario: this.scenario, file: this.file, log, point: this.point });
  }

  /** What stands when everything up to a point has happened, and nothing after it. */
  remainsAt({ points, lines, wal }: Moment): Remains {
    const kept = Buffer.concat(this.chunks).subarray(0, wal);
    const killed: Line = { at: 'killed', points };
    return { database: this.database ?? Buffer.alloc(0), wal: kept, lines: [...this.lines.slice(0, lines), killed] };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly point = (what: readonly string[], side: Side): void => {
    this.keepFiles();
    const { walLength: wal } = this;
    const { length: lines } = this.lines;
    const last = this.moments.at(-1);
    if (last?.wal === wal && last.lines === lines) last.points.push({ what, side });
    else this.moments.push({ points: [{ what, side }], lines, wal });
  };

  committed(records: Parameters<JournalWatch['committed']>[0]): void {
    for (const record of records) this.lines.push({ at: 'committed', ...record });
  }

  /** Everything is left in the log of the database. */
  opened(database: DatabaseSync): void {
    if (this.settings === database) return;
    this.settings = database;
    database.exec('PRAGMA wal_autocheckpoint = 0');
  }

  private keepFiles(): void {
    this.database ??= readFileSync(this.file);
    const wal = `${this.file}-wal`;
    const length = statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
    if (length <= this.walLength) return;
    const chunk = Buffer.alloc(length - this.walLength);
    const handle = openSync(wal, 'r');
    readSync(handle, chunk, 0, chunk.length, this.walLength);
    closeSync(handle);
    this.chunks.push(chunk);
    this.walLength = length;
  }
}

/** Tells lives what is written to their journals. */
export class SimulatedLives implements Disposable {
  private readonly lives = new Map<string, SimulatedLife>();
  private readonly known = new WeakMap<DatabaseSync, SimulatedLife>();
  private readonly end = watchJournals((database) => this.lifeOf(database));

  async live(life: SimulatedLife): Promise<void> {
    this.lives.set(dirname(life.file), life);
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`it stands still after ${storyOf(life.lines) || 'nothing'}`)), STILL_MS);
    });
    try {
      await Promise.race([life.live(), stuck]);
    } finally {
      clearTimeout(timer);
      this.lives.delete(dirname(life.file));
    }
  }

  [Symbol.dispose](): void {
    this.end();
  }

  private lifeOf(database: DatabaseSync): SimulatedLife | undefined {
    const known = this.known.get(database);
    if (known) return known;
    const life = this.lives.get(dirname(database.location() ?? ''));
    if (!life) return undefined;
    this.known.set(database, life);
    life.opened(database);
    return life;
  }
}
