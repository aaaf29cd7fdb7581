/**
 * One invocation of Restate that drives a run.
 *
 * Owns: which entries of Restate's journal come next. Does not own: the run. Invariants: what comes next depends on nothing but the entries before
 * it, so that a replay asks for the same; one of Restate's promises is awaited at a time, over the batch under way and the next mail,
 * whatever number of steps the run has.
 */
import type { RestatePromise, WorkflowContext } from '@restatedev/restate-sdk';
import { outcomeForParent } from '../run/pastRun.js';
import { batchOf, textOf } from './batchText.js';
import { JSON_INPUT } from './jsonInput.js';
import { isFirst } from './mailbox.js';
import { type Address, addressOf, POST, QUEUE, RUN } from './RunAddress.js';
import { endedRun } from './RunEnd.js';
import type { Batch, Resting, RunInput, RunMail, RunOutput } from './RunMessages.js';
import { mailId, RunRecords } from './RunRecords.js';
import type { RunSession } from './RunSession.js';
import type { RestateSdk } from './sdk.js';

type Mail = { readonly mail: RunMail; readonly id: string };
type Came = { readonly text: string } | Mail;

/** Turns of the event loop: enough for the code to come to its end where nothing is under way, or for a short step to be done. */
const QUIET_TURNS = 8;
const BUSY_TURNS = 3;
/** Characters that one entry may have: Restate's own limit is 32 MiB, and some characters take three bytes. */
const ENTRY_LENGTH_MAX = 10 * 1024 * 1024;

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
      const next = this.live ? this.session.next(this.records) : undefined;
      const ready = next && (await this.soon(next));
      const batch = await this.record(ready, next);
      this.records.add(batch);
      if (this.live) this.session.recorded(batch, this.records);
      if (batch.published !== undefined) this.ctx.set('published', batch.published);
      if (batch.ended) {
        await this.tell(batch);
        return this.end(batch);
      }
      if (batch.rest && batch.rest.standing !== 'running') await this.rest(batch.rest);
    }
  }

  /** What follows from the last batch in the same breath, mostly: then it goes to Restate together with its entry. */
  private soon(next: Promise<Batch>): Promise<Batch | undefined> {
    return new Promise((resolve) => {
      let batch: Batch | undefined;
      let turn = 0;
      const look = (): void => {
        turn += 1;
        if (batch || turn > (this.session.goesOn ? BUSY_TURNS : QUIET_TURNS)) resolve(batch);
        else setImmediate(look);
      };
      setImmediate(look);
      void next.then((given) => {
        batch = given;
      });
    });
  }

  /** @param batch undefined where it is not there yet */
  private async record(batch: Batch | undefined, next: Promise<Batch> | undefined): Promise<Batch> {
    let cut = batch;
    const write = (next: Batch): string => {
      const text = textOf(next);
      if (text.length <= ENTRY_LENGTH_MAX) {
        cut = next;
        return text;
      }
      cut = this.session.refuse(next, this.records);
      return textOf(cut);
    };
    const text = batch && write(batch); // What is there goes to Restate together with its entry.
    const recording = text ? this.ctx.run('records', () => text) : this.ctx.run('records', async () => write(await (next ?? this.begin())));
    for (;;) {
      const came = await this.either(recording);
      if ('mail' in came) this.receive(came);
      else return cut ?? batchOf(came.text);
    }
  }

  private begin(): Promise<Batch> {
    this.live = true;
    this.session.connect(this.records);
    return this.session.next(this.records);
  }

  private receive(came: Mail): void {
    this.records.receive(came);
    if (this.live) this.session.mailCame();
  }

  private async rest({ standing, due, at, waits, seen }: Resting): Promise<void> {
    const isStopped = standing === 'stopped';
    const wakes = ({ mail }: Mail): boolean => !isStopped || mail.kind === 'resume' || mail.kind === 'cancel';
    if (this.records.mail.some((one) => !seen.includes(one.id) && wakes(one))) return; // It came while this was recorded.
    if (isStopped) this.ctx.set('stopped', waits[0]?.name ?? 'it could not go on');
    const alarm = due === null ? undefined : this.ctx.sleep(Math.max(0, due - at)).map(() => 'due');
    for (;;) {
      const came = await this.either(alarm);
      if (!('mail' in came)) break;
      this.receive(came);
      if (wakes(came)) break;
    }
    if (isStopped) this.ctx.clear('stopped');
  }

  /** Waits for its turn; a run that is cancelled ends without it. */
  private async queued(queue: NonNullable<RunInput['queue']>): Promise<void> {
    const { run } = this.parts.input;
    this.toQueue(queue.name, 'enter', { run, entry: queue });
    for (;;) {
      const came = await this.either(undefined);
      if (!('mail' in came)) continue;
      if (came.mail.kind === 'admitted') return;
      this.receive(came);
      if (came.mail.kind === 'cancel') return;
    }
  }

  /** What comes first of the two; a cancellation from outside is mail as any other. */
  private async either(promise: RestatePromise<string> | undefined): Promise<Came> {
    const { mailbox } = this;
    try {
      const first: RunMail | string = await (promise ? this.sdk.RestatePromise.race([promise, mailbox]) : mailbox);
      if (typeof first === 'string') return { text: first };
      const id = mailId(this.nextMail);
      this.nextMail += 1;
      this.ctx.set('mail', this.nextMail);
      this.mailbox = this.mailAt(this.nextMail);
      return { mail: first, id };
    } catch (error) {
      return this.cancellation(error);
    }
  }

  private mailAt(index: number): RestatePromise<RunMail> {
    return this.ctx.promise<RunMail>(`mail-${index}`).get();
  }

  private async tell(batch: Batch): Promise<void> {
    const { successor } = batch;
    const { run, origin, place, parentTurn } = this.parts.input;
    const { parent, parentStep } = origin;
    if (successor) {
      if (place) this.toQueue(place.queue, 'pass', { run, to: successor.run });
      this.send(addressOf(successor.run), RUN, successor);
      await this.passOn(successor.run);
      return;
    }
    if (place) this.toQueue(place.queue, 'leave', { run });
    if (parent === undefined || parentStep === undefined) return;
    const outcome = outcomeForParent(endedRun(run, this.end(batch)), this.parts.nothing);
    const mail: RunMail = { kind: 'child-ended', step: parentStep, outcome };
    this.send(addressOf(parent, parentTurn), POST, mail);
  }

  /** What came too late for this run is for its successor, and what is still to come. */
  private async passOn(to: string): Promise<void> {
    const pass = (mail: RunMail): void => {
      if (mail.kind === 'signal' || mail.kind === 'cancel' || mail.kind === 'override') this.send(addressOf(to), POST, mail);
    };
    for (const { mail } of this.records.mail) pass(mail);
    for (let isMoved = false; !isMoved; ) {
      isMoved = await this.isFirst({ kind: 'moved', to }, pass);
      if (isMoved) return;
      const came = await this.either(undefined);
      if (!('mail' in came)) continue;
      isMoved = came.mail.kind === 'moved';
      pass(came.mail);
    }
  }

  /** As `isFirst` of the mailbox; a cancellation from outside is mail that came before. */
  private async isFirst(mail: RunMail, cancelled: (mail: RunMail) => void): Promise<boolean> {
    const kept = this.ctx.promise<RunMail>(`mail-${this.nextMail}`).resolve(mail) as RestatePromise<void>;
    for (;;) {
      try {
        return await isFirst(this.sdk.RestatePromise.race([kept]), this.sdk); // Anew each time: what was cancelled once stays so.
      } catch (error) {
        cancelled(this.cancellation(error).mail);
      }
    }
  }

  private cancellation(error: unknown): Mail {
    if (!(error instanceof this.sdk.CancelledError)) throw error;
    this.cancels += 1;
    return { mail: { kind: 'cancel', reason: 'it was cancelled in Restate' }, id: `cancel-${this.cancels}` };
  }

  private send(address: Address, method: string, parameter: unknown): void {
    this.ctx.genericSend({ ...address, method, parameter, ...JSON_INPUT });
  }

  private toQueue(key: string, method: string, parameter: unknown): void {
    this.ctx.genericSend({ service: QUEUE, key, method, parameter, ...JSON_INPUT });
  }

  /** Made of what is recorded, so that a replay gives the same: a node may die between an output and the end of its invocation. */
  private end({ records }: Batch): RunOutput {
    return { startedAt: this.parts.input.startedAt, records: records.filter(({ kind }) => kind === 'ended') };
  }
}
