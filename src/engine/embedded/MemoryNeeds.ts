/**
 * Which ended runs of the journal in memory an open one still needs.
 *
 * Owns: which run goes on with which, children whose outcome is not recorded. Does not own: the runs. Invariants: what goes on as an
 * open run is kept, since its key and its id lead there, and so is the end that a caller's key leads to; a child is kept until the
 * run that waits for it has recorded its outcome, or has ended.
 */
import type { JournalRecord } from '../Record.js';
import type { RunRow } from '../run/RunJournal.js';

interface NeededRun extends RunRow {
  successor: string | null;
  readonly child: boolean;
}

export class MemoryNeeds<Run extends NeededRun> {
  /** By the id of the run that goes on with it. */
  private readonly predecessors = new Map<string, Run>();
  /** Ended ones that went on with another, by id. */
  private readonly followers = new Map<string, Run>();
  /** Children by the run and the step that wait for them. */
  private readonly awaited = new Map<string, Map<string, Run>>();
  /** Ended, and needed. */
  readonly kept = new Set<Run>();

  /** @param retire an ended run is not needed any more */
  constructor(private readonly retire: (run: Run) => void) {}

  /** No run needs another: the case of short runs, which come and go by the hundred thousand. */
  get idle(): boolean {
    return this.predecessors.size === 0 && this.awaited.size === 0 && this.kept.size === 0;
  }

  begun(run: Run): void {
    const waiting = run.child ? waitingFor(run) : undefined;
    if (!waiting) return;
    const children = this.awaited.get(waiting.parent) ?? new Map<string, Run>();
    this.awaited.set(waiting.parent, children.set(waiting.step, run));
  }

  /** A run has recorded the outcome of a step. */
  stepEnded(runId: string, { step, status }: JournalRecord): void {
    const children = this.awaited.size > 0 ? this.awaited.get(runId) : undefined;
    const child = status === 'unknown' ? undefined : children?.get(step ?? '');
    if (!children || !child) return;
    children.delete(step ?? '');
    if (children.size === 0) this.awaited.delete(runId);
    this.letGo(child);
  }

  ended(run: Run): void {
    if (this.idle && run.successor === null) {
      this.retire(run);
      return;
    }
    const children = this.awaited.size > 0 ? this.awaited.get(run.id) : undefined;
    this.awaited.delete(run.id);
    for (const child of children?.values() ?? []) this.letGo(child);
    if (this.predecessors.has(run.id)) this.followers.set(run.id, run);
    if (run.successor !== null) {
      this.predecessors.set(run.successor, run);
      this.kept.add(run);
    } else this.letGo(run);
  }

  /** @param together all that are. @returns those that are kept again */
  reopened(run: Run, together: readonly Run[]): readonly Run[] {
    const chain = this.chainOf(run);
    const [head = run] = chain;
    for (const one of chain) this.kept.add(one);
    this.kept.delete(run);
    if (together.some(({ id }) => id === waitingFor(head)?.parent)) this.begun(head);
    return chain;
  }

  /** It is not in the journal any more. */
  forgotten(run: Run): void {
    if (this.idle) return;
    const { id, successor } = run;
    const before = this.predecessors.get(id);
    if (successor !== null && before) {
      before.successor = successor;
      this.predecessors.set(successor, before);
    } else if (successor !== null) this.predecessors.delete(successor);
    this.predecessors.delete(id);
    this.followers.delete(id);
    this.kept.delete(run);
  }

  /** An open run began it, and has not recorded how it ended. */
  isAwaited(run: Run): boolean {
    if (!run.child) return false;
    const [head = run] = this.chainOf(run);
    const waiting = waitingFor(head);
    return waiting !== undefined && this.awaited.get(waiting.parent)?.get(waiting.step) === head;
  }

  /** One of those that go on with it is open, or has not ended before that time. */
  goesOn(run: Run, before: number): boolean {
    for (let id = run.successor; id !== null; ) {
      const next = this.followers.get(id);
      if (!next) return this.predecessors.has(id);
      if (next.endedAt === null || next.endedAt >= before) return true;
      id = next.successor;
    }
    return false;
  }

  clear(): void {
    for (const known of [this.predecessors, this.followers, this.awaited, this.kept]) known.clear();
  }

  /** What went on as this run, or as which it goes on, unless something of it is needed. */
  private letGo(run: Run): void {
    const chain = this.chainOf(run);
    const [head = run] = chain;
    const last = chain.at(-1) ?? run;
    if (last.status === null || (last.successor !== null && this.predecessors.has(last.successor))) return;
    const isNeeded = this.isAwaited(head);
    const isKeyed = head.key !== null && !head.child;
    for (const one of chain) {
      if (isNeeded || (isKeyed && one === last)) this.kept.add(one);
      else {
        this.kept.delete(one);
        this.retire(one);
      }
    }
  }

  /** Oldest first, without those that were forgotten and the open one at its end. */
  private chainOf(run: Run): readonly Run[] {
    if (this.predecessors.size === 0) return [run];
    let head = run;
    for (let before = this.predecessors.get(head.id); before; before = this.predecessors.get(head.id)) head = before;
    const chain = [head];
    for (let next = this.followers.get(head.successor ?? ''); next; next = this.followers.get(next.successor ?? '')) chain.push(next);
    return chain;
  }
}

/** The run that began a child, and the step of it that waits: its key says. */
function waitingFor({ key }: RunRow): { readonly parent: string; readonly step: string } | undefined {
  const at = key?.indexOf('/') ?? -1;
  return key === null || at < 1 ? undefined : { parent: key.slice(0, at), step: key.slice(at + 1) };
}
