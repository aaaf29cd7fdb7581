/**
 * One invocation of Restate that drives a run.
 *
 * Owns: which entries of Restate's journal come next. Does not own: the run. Invariants: what comes next depends on nothing but the entries before
 * it, so that a replay asks for the same; one of Restate's promises is awaited at a time, over the batch under way and the next mail,
 * whatever number of steps the run has.
 */
import type { RestatePromise, WorkflowContext } from '@restatedev/restate-sdk';
import { outcomeForParent } from '../embedded/pastRun.js';
import { endedRun } from './RunEnd.js';
import type { Batch, RunInput, RunMail, RunOutput } from './RunMessages.js';
import { RunRecords } from './RunRecords.js';
import type { RunSession } from './RunSession.js';
import type { RestateSdk } from './sdk.js';
import { JSON_INPUT } from './jsonInput.js';
import { addressOf, POST, QUEUE, RUN } from './RunAddress.js';

type Mail = { readonly mail: RunMail; readonly id: string };
type Came<T> = { readonly value: T } | Mail;

/** Enough for a step to begin behind what was recorded; and then for the code to come to its end, if none does. */
const TICKS = 16;
const TURNS_MAX = 24;

export interface InvocationParts {
  readonly input: RunInput;
  /** Text of the codec for a run without result. */
  readonly nothing: string;
}

export class Invocation {
  private readonly records: RunRecords;
  private readonly session: RunSession;
  /** Entries are made now, and not only read. */
  private live = false;
  private nextMail = 0;
  private cancels = 0;
  private mailbox: RestatePromise<RunMail>;

  constructor(
    private readonly sdk: RestateSdk,
    private readonly ctx: WorkflowContext,
    private readonly parts: InvocationParts,
    sessionOf: (records: RunRecords) => RunSession,
  ) {
    this.records = new RunRecords(parts.input);
    this.session = sessionOf(this.records);
    this.mailbox = this.mailAt(0);
  }

  async drive(): Promise<RunOutput> {
    if (this.parts.input.queue) await this.queued(this.parts.input.queue);
    for (;;) {
      const next = this.live ? this.session.next() : undefined;
      const last = next && (await this.soon(next));
      if (last?.ended && !this.isAwaited(last)) {
        this.session.endsWith(last);
        return this.end(last);
      }
      const batch = await this.record(next);
      this.records.add(batch);
      if (this.live) this.session.recorded(batch);
      if (batch.published !== undefined) this.ctx.set('published', batch.published);
      if (batch.ended) {
        this.tell(batch);
        return this.end(batch);
      }
      if (batch.rest && batch.rest.standing !== 'running') await this.rest(batch.rest);
    }
  }

  /**
   * The end of the code follows from the last batch in the same breath, mostly, and needs no entry of its own: the output is recorded too.
   * Only where entries are new: a replay must ask for the entries that there are.
   */
  private async soon(next: Promise<Batch>): Promise<Batch | undefined> {
    let batch: Batch | undefined;
    void next.then((given) => {
      batch = given;
    });
    for (let turn = 0; turn < TURNS_MAX && !batch && !this.session.goesOn; turn += 1) {
      await (turn < TICKS ? undefined : new Promise((resolve) => setImmediate(resolve)));
    }
    return batch;
  }

  /** Somebody has to be told of the end, and a replay that tells again must find that entry where it was. */
  private isAwaited({ successor, published }: Batch): boolean {
    const { parentStep } = this.parts.input.origin;
    return successor !== undefined || published !== undefined || parentStep !== undefined || this.parts.input.place !== null;
  }

  private async record(next: Promise<Batch> | undefined): Promise<Batch> {
    const recording = this.ctx.run('records', () => next ?? this.begin());
    for (;;) {
      const came = await this.either(recording);
      if ('value' in came) return came.value;
      this.receive(came);
    }
  }

  private begin(): Promise<Batch> {
    this.live = true;
    this.session.connect(this.records);
    return this.session.next();
  }

  private receive(came: Mail): void {
    this.records.receive(came);
    if (this.live) this.session.mailCame();
  }

  private async rest({ standing, due, at, waits }: NonNullable<Batch['rest']>): Promise<void> {
    const isStopped = standing === 'stopped';
    if (isStopped) this.ctx.set('stopped', waits[0]?.name ?? 'it could not go on');
    const alarm = due === null ? undefined : this.ctx.sleep(Math.max(0, due - at));
    for (;;) {
      const came = await this.either(alarm);
      if ('value' in came) break;
      this.receive(came);
      if (!isStopped || came.mail.kind === 'resume' || came.mail.kind === 'cancel') break;
    }
    if (isStopped) this.ctx.clear('stopped');
  }

  /** Waits for its turn; a run that is cancelled ends without it. */
  private async queued(queue: NonNullable<RunInput['queue']>): Promise<void> {
    const { run } = this.parts.input;
    this.toQueue(queue.name, 'enter', { run, entry: queue });
    for (;;) {
      const came = await this.either<never>(undefined);
      if ('value' in came) continue;
      if (came.mail.kind === 'admitted') return;
      this.receive(came);
      if (came.mail.kind === 'cancel') return;
    }
  }

  /** What comes first of the two; a cancellation from outside is mail as any other. */
  private async either<T>(promise: RestatePromise<T> | undefined): Promise<Came<T>> {
    const { mailbox } = this;
    const mail = mailbox.map((came) => ({ mail: came as RunMail, id: `mail-${this.nextMail}` }));
    try {
      const first = promise ? await this.sdk.RestatePromise.race([promise.map((value) => ({ value: value as T })), mail]) : await mail;
      if ('mail' in first) {
        this.nextMail += 1;
        this.ctx.set('mail', this.nextMail);
        this.mailbox = this.mailAt(this.nextMail);
      }
      return first;
    } catch (error) {
      if (!(error instanceof this.sdk.CancelledError)) throw error;
      this.cancels += 1;
      return { mail: { kind: 'cancel', reason: 'it was cancelled in Restate' }, id: `cancel-${this.cancels}` };
    }
  }

  private mailAt(index: number): RestatePromise<RunMail> {
    return this.ctx.promise<RunMail>(`mail-${index}`).get();
  }

  private tell(batch: Batch): void {
    const { successor } = batch;
    const { run, origin, place } = this.parts.input;
    const { parent, parentStep } = origin;
    if (successor) {
      if (place) this.toQueue(place.queue, 'pass', { run, to: successor.run });
      this.send(successor.run, RUN, successor);
      return;
    }
    if (place) this.toQueue(place.queue, 'leave', { run });
    if (parent === undefined || parentStep === undefined) return;
    const outcome = outcomeForParent(endedRun(run, this.end(batch)), this.parts.nothing);
    const mail: RunMail = { kind: 'child-ended', step: parentStep, outcome };
    this.send(parent, POST, mail);
  }

  private send(run: string, method: string, parameter: unknown): void {
    this.ctx.genericSend({ ...addressOf(run), method, parameter, ...JSON_INPUT });
  }

  private toQueue(key: string, method: string, parameter: unknown): void {
    this.ctx.genericSend({ service: QUEUE, key, method, parameter, ...JSON_INPUT });
  }

  private end({ records }: Batch): RunOutput {
    return { startedAt: this.parts.input.startedAt, records };
  }
}
