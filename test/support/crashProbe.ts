/** A process that goes through chains of crashes until it dies. Its argument is the list of what it is to do, as JSON. */
import { mkdirSync } from 'node:fs';
import { type Death, FileLog, journalOf, logOf, type Task } from './crashLog.js';
import { type JournalWatch, type Side, watchJournals } from './crashPoints.js';
import { goOn, type Log } from './crashTrial.js';

class Doomed implements JournalWatch {
  private reached = 0;

  constructor(
    private readonly log: Log,
    private readonly death: Death | undefined,
  ) {}

  readonly point = (what: readonly string[], side: Side): void => {
    const { death } = this;
    this.reached += 1;
    if (!death || !('nth' in death ? death.nth === this.reached : death.side === side && what.includes(death.what))) return;
    this.log.add({ at: 'killed', points: [{ what, side }] });
    process.kill(process.pid, 'SIGKILL');
    for (;;); // Nothing is done any more.
  };

  committed(records: Parameters<JournalWatch['committed']>[0]): void {
    for (const record of records) this.log.add({ at: 'committed', ...record });
  }
}

async function main(tasks: readonly Task[]): Promise<void> {
  let doomed: Doomed | undefined;
  watchJournals(() => doomed);
  for (const { folder, scenario, death } of tasks) {
    mkdirSync(folder, { recursive: true });
    const log = new FileLog(logOf(folder));
    doomed = new Doomed(log, death);
    await goOn({ scenario, file: journalOf(folder), log, point: doomed.point });
  }
}

void main(JSON.parse(process.argv[2] ?? '[]') as Task[]);
