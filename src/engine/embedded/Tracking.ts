/**
 * Follows runs from the outside, over all their loads: their end, what happens in them, and what they are told.
 *
 * Does not own: the runs; one may be loaded here, put aside, queued, or another process's.
 */
import { randomUUID } from 'node:crypto';
import type { RunEvent } from '../../abstract/RunEvent.js';
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Clock } from '../../kernel/Clock.js';
import { UsageError } from '../../kernel/errors.js';
import type { SecretVault } from '../../kernel/SecretVault.js';
import type { EndedRun, RunHandle, Signal } from '../Engine.js';
import { handedBack } from '../handBack.js';
import type { EndStatus } from '../Record.js';
import { RunWatch } from '../RunWatch.js';
import { checkedOverride, runEnded } from '../run/refusals.js';
import type { Catalogue } from './Catalogue.js';
import type { Follows } from './Follows.js';
import type { Journal, Mail } from './Journal.js';
import { isTakenOver, type LoadedRun, type RunTracker } from './LoadedRun.js';
import type { Loads } from './Loads.js';

export interface TrackingParts {
  readonly journal: Journal;
  readonly catalogue: Catalogue;
  readonly follows: Follows;
  readonly secrets: SecretVault;
  readonly clock: Clock;
  /** Known once the engine is open. */
  readonly loads: () => Loads;
  /** There may be mail for a run that nobody has. */
  readonly look: () => void;
  /** Hands the mail that came before to the loaded runs. */
  readonly handOutMail: () => void;
}

export class Tracking implements RunTracker {
  private closed = false;

  constructor(private readonly parts: TrackingParts) {}

  /** Of a run that is not loaded here. */
  handleOf(id: string): RunHandle {
    return {
      id,
      ended: () => this.follow(id),
      watch: (after) => this.watch(id, after),
      cancel: (reason) => this.cancel(id, reason),
      override: (gate, override) => this.override(id, gate, override),
    };
  }

  follow(runId: string): Promise<EndedRun> {
    if (this.closed) return Promise.reject(handedBack(runId));
    const loaded = this.parts.loads().residents.get(runId);
    if (loaded) return loaded.ended();
    const ended = this.endOf(runId);
    if (ended) return Promise.resolve(ended);
    const standstill = this.parts.catalogue.standstillOf(runId);
    return standstill ? Promise.reject(standstill) : this.parts.follows.of(runId);
  }

  endOf(runId: string): EndedRun | undefined {
    return this.parts.catalogue.endOf(runId);
  }

  async *watch(runId: string, after = 0, first?: LoadedRun): AsyncGenerator<RunEvent> {
    let last = after;
    for (let next = first; next !== undefined || !this.closed; next = undefined) {
      const loaded = next ?? this.parts.loads().residents.get(runId);
      if (loaded) {
        for await (const event of loaded.events.observe(last)) {
          last = event.offset;
          yield event;
          if (event.type === 'ended') return;
        }
        if (await isOver(loaded)) return;
        continue;
      }
      const run = this.parts.catalogue.find(runId);
      if (run.status !== null) {
        yield* endEvent(run.status, run.endedAt ?? 0, last);
        return;
      }
      await this.parts.follows.news(runId);
    }
  }

  async notify(runId: string, { name, value, token }: Signal): Promise<void> {
    await this.tell(runId, { kind: 'signal', name, token, body: value }, ({ execution }) =>
      execution.arrivals.signal({ name, value, token }),
    );
  }

  async cancel(runId: string, reason: string): Promise<void> {
    const { journal, catalogue, secrets } = this.parts;
    const loads = this.parts.loads();
    if (!loads.residents.get(runId)) {
      await journal.committed();
      const run = catalogue.lastOf(runId);
      if (run.status !== null) return;
      const stands = run.standing === 'queued' || run.standing === 'stopped';
      const [taken] = stands ? await journal.claim({ id: run.id }, 1) : []; // It ends without its turn, or before it is mended.
      if (taken) loads.load(taken);
    }
    const mail = { kind: 'cancel', name: '', token: randomUUID(), body: secrets.redact(reason) } as const;
    try {
      await this.tell(runId, mail, ({ execution }) => execution.arrivals.cancel(reason));
    } catch (error) {
      if (!(error instanceof UsageError && error.code === 'RUN_ENDED')) throw error; // It was faster.
    }
  }

  async override(runId: string, gate: string, override: GateOverride): Promise<void> {
    const { by, reason } = checkedOverride(gate, override);
    const mail = { kind: 'override', name: gate, token: randomUUID(), body: JSON.stringify({ by, reason }) } as const;
    await this.tell(runId, mail, ({ execution }) => execution.arrivals.override(gate, { by, reason }));
  }

  close(): void {
    this.closed = true;
  }

  /** Tells a run something: at once when it is loaded here, else by mail. @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED` */
  private async tell(
    runId: string,
    mail: Pick<Mail, 'kind' | 'name' | 'token' | 'body'>,
    directly: (run: LoadedRun) => void,
  ): Promise<void> {
    const { journal, catalogue, clock, look, handOutMail } = this.parts;
    const { residents } = this.parts.loads();
    handOutMail(); // What is told now does not overtake it.
    const loaded = residents.get(runId);
    if (loaded?.execution.open) directly(loaded);
    else {
      await journal.committed();
      for (let run = catalogue.lastOf(runId), told = ''; run.id !== told; run = catalogue.lastOf(runId)) {
        if (run.status !== null && told === '') throw runEnded(run.id);
        handOutMail();
        const resident = residents.get(run.id);
        if (resident?.execution.open) directly(resident);
        else journal.post({ ...mail, run: run.id, at: clock.now() });
        told = run.id;
        await journal.committed(); // Another may go on with the run meanwhile, and is told as well: by its token that is the same.
      }
    }
    await journal.committed();
    look();
  }
}

/** Behind everything that happened in the run. */
function endEvent(status: EndStatus, at: number, after: number): AsyncIterable<RunEvent> {
  const watch = new RunWatch(Number.POSITIVE_INFINITY, () => ({ done: 1 }));
  watch.publish({ type: 'ended', status }, at);
  watch.end();
  return watch.observe(after);
}

/** Nothing more happens in the run, or not here: it has ended, was handed back, diverged or stopped. */
async function isOver({ driven }: LoadedRun): Promise<boolean> {
  const end = await driven;
  return end.at === 'ended' || (end.at === 'left' && !isTakenOver(end.why));
}
