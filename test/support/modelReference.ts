/**
 * What a run that is cut off must be told again, and in which order: the simple reference of the model test. It is the trace of
 * the run that was not cut off, up to the first line that a record behind the cut told.
 */
import type { JournalRecord, RecordKind } from '../../src/engine/Record.js';
import type { Load, Reached } from './ProgramProcess.js';
import type { TraceLine } from './programCode.js';
import { SimulatedDisk } from './SimulatedDisk.js';

/** Tell the code something that it asked for before. */
const OWN: ReadonlySet<RecordKind> = new Set(['step-ended', 'timer-fired', 'signal-missed', 'gate-stood']);
const FROM_OUTSIDE: ReadonlySet<RecordKind> = new Set(['signal', 'gate-overridden']);

interface KnownLine extends TraceLine {
  /** Of the record that told it. */
  readonly seq: number | undefined;
}

export interface Violation {
  readonly what: string;
  readonly detail: string;
}

export class ModelReference {
  private readonly lines: readonly KnownLine[];
  private readonly recorded: readonly JournalRecord[];
  readonly name: string;
  readonly runId: string;

  /**
   * @param load the only one of that run since `before`
   * @param before what that load began with: of what was recorded until then, what was dropped was not told to it
   */
  constructor(
    { runId, name, trace }: Load,
    disk: SimulatedDisk,
    private readonly reached: readonly Reached[],
    before = new SimulatedDisk(),
  ) {
    this.name = name;
    this.runId = runId;
    const recorded = disk.writes.flatMap(({ run, record }, index) => (run === runId && record ? [{ record, index }] : []));
    const kept = new Set(before.runOf(runId)?.records);
    this.recorded = recorded.filter(({ record, index }) => index >= before.writes.length || kept.has(record)).map(({ record }) => record);
    this.lines = this.known(trace);
  }

  private known(trace: readonly TraceLine[]): readonly KnownLine[] {
    const own = this.recorded.filter(({ kind }) => OWN.has(kind));
    const outside = this.recorded.filter(({ kind }) => FROM_OUTSIDE.has(kind));
    const branches = new Map(this.recorded.filter(({ kind }) => kind === 'branch-ended').map(({ step, seq }) => [step, seq]));
    const paths = new Map<string, string>();
    let told = 0;
    return trace.map((line) => {
      if (line.at === 'inside') paths.set(line.place, line.text);
      if (line.at === 'branch') return { ...line, seq: branches.get(paths.get(line.place) ?? '') };
      if (line.at === 'outside') return { ...line, seq: outside.find(({ body }) => body?.includes(`"${line.text.slice(1)}"`))?.seq };
      return { ...line, seq: line.at === 'own' ? own[told++]?.seq : undefined };
    });
  }

  /** What is wrong with the run itself: it was told something without a record, or in another order. */
  get violations(): readonly Violation[] {
    const untold = this.lines.filter(({ at, seq }) => (at === 'own' || at === 'outside') && seq === undefined);
    const own = this.recorded.filter(({ kind }) => OWN.has(kind)).length - this.lines.filter(({ at }) => at === 'own').length;
    return [
      ...untold.map(({ place, text }) => ({ what: 'told without a record', detail: `${place}${text}` })),
      ...(own === 0 ? [] : [{ what: 'recorded and not told', detail: `${own} records of ${this.name}` }]),
    ];
  }

  /** What is wrong with a load of this run that has the records of a disk. */
  check(load: Load, reached: readonly Reached[], disk: SimulatedDisk): readonly Violation[] {
    const last = disk.writes.findLast(({ run, record }) => run === this.runId && record)?.record?.seq ?? 0;
    const expected = this.expected(last);
    const trace = load.trace.filter(({ at }) => at !== 'inside');
    const found: Violation[] = [];
    const wrong = expected.findIndex(({ place, text }, index) => trace[index]?.place !== place || trace[index]?.text !== text);
    if (wrong !== -1) {
      const [was, is] = [expected[wrong], trace[wrong]];
      found.push({
        what: was?.at === 'ask' ? 'differing ask' : 'wrong delivery',
        detail: `${this.name}, line ${wrong} of ${expected.length} (records to ${last}): ${was?.place}${was?.text} became ${is?.place}${is?.text}`,
      });
    }
    return [...found, ...this.repeated(last, reached), ...this.renamed(expected, reached), ...this.takenTwice(last, load)];
  }

  /** What it was told by its records up to that one. */
  toldUntil(last: number): readonly TraceLine[] {
    return this.lines.filter(({ seq }) => seq !== undefined && seq <= last);
  }

  /** What came from outside reaches one place, also when what recorded that was dropped with its branch. */
  private takenTwice(last: number, { trace }: Load): readonly Violation[] {
    const taken = new Map<string, string>();
    const before = this.lines.filter(({ seq }) => seq !== undefined && seq <= last);
    for (const { at, place, text } of [...before, ...trace]) {
      if (at !== 'outside') continue;
      const other = taken.get(text) ?? place;
      if (other !== place) return [{ what: 'signal taken twice', detail: `${text} at ${other} and at ${place}` }];
      taken.set(text, place);
    }
    return [];
  }

  private expected(last: number): readonly KnownLine[] {
    let end = this.lines.findIndex(({ seq }) => seq !== undefined && seq > last);
    // Undoing begins in the turn of the last delivery, and before the code itself has noted that.
    while (end > 0 && this.lines[end - 1]?.at === 'ask' && this.lines[end - 1]?.place.startsWith('undo:')) end -= 1;
    const lines = end === -1 ? this.lines : this.lines.slice(0, end);
    const over = lines.filter(({ at, seq }) => at === 'branch' && seq !== undefined).map(({ place }) => `${place}.`);
    return lines.filter(({ at, place }) => at !== 'inside' && !over.some((branch) => place.startsWith(branch)));
  }

  /** Steps that have a definite outcome before the cut, and were done again behind it. */
  private repeated(last: number, reached: readonly Reached[]): readonly Violation[] {
    const ended = this.recorded.filter(({ kind, seq, status }) => kind === 'step-ended' && seq <= last && status !== 'unknown');
    const known = new Set(ended.map(({ step }) => step));
    return reached
      .filter(({ runId, identity }) => runId === this.runId && known.has(identity))
      .map(({ step }) => ({ what: 'recorded step run again', detail: step }));
  }

  /** Steps that have another key than before. */
  private renamed(expected: readonly KnownLine[], reached: readonly Reached[]): readonly Violation[] {
    const asked = new Set(expected.filter(({ at }) => at === 'ask').map(({ place }) => place));
    const before = new Map(
      this.reached.filter(({ runId }) => runId === this.runId).map(({ what, place, identity }) => [`${what} ${place}`, identity]),
    );
    return reached
      .filter(({ runId, what, place, identity }) => {
        const known = before.get(`${what} ${place}`);
        return runId === this.runId && asked.has(place) && known !== undefined && known !== identity;
      })
      .map(({ place, identity }) => ({ what: 'key changed', detail: `${place}: ${identity}` }));
  }
}
