/**
 * What became of the interactions of one run on one load.
 *
 * Owns: their records, which optional systems were absent and why. Does not own: the interactions.
 * Invariant: what hooks are shown is the same on replay. So it leaves out what happened inside a branch, of which a resumed
 * run sees the outcome only; the report has it, as far as this load saw it.
 */
import { presentBranch } from '../kernel/whereabouts.js';
import type { Absent } from './Absent.js';
import type { InteractionRecord } from './hooks.js';

class Page {
  readonly records: InteractionRecord[] = [];
  private readonly absences = new Map<string, Absent>();

  /** Of several reasons the first counts. */
  noteAbsent(absent: Absent): void {
    if (!this.absences.has(absent.system)) this.absences.set(absent.system, absent);
  }

  /** One for each system, with the first reason. */
  get absent(): readonly Absent[] {
    return [...this.absences.values()];
  }
}

export class InteractionLedger {
  /** For hooks. */
  readonly outsideBranches = new Page();
  /** For the report. */
  readonly whole = new Page();

  note(record: InteractionRecord): void {
    if (presentBranch() === undefined) this.outsideBranches.records.push(record);
    this.whole.records.push(record);
  }

  noteAbsent(absent: Absent): void {
    if (presentBranch() === undefined) this.outsideBranches.noteAbsent(absent);
    this.whole.noteAbsent(absent);
  }
}
