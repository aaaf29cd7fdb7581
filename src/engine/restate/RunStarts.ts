/**
 * Begins runs on Restate, and goes on with those that have ended.
 *
 * Does not own: the invocations. Invariants: of one key there is one run (B8), since the key is that of the invocation; a parent has recorded that
 * it is about to begin a child before the child is begun.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/Clock.js';
import { UsageError } from '../../kernel/errors.js';
import type { EngineSetup, ForkPoint, QueueEntry, RunHandle, RunOrigin, Settlement, StartRequest } from '../Engine.js';
import { notOnEngine } from '../notOnEngine.js';
import type { JournalRecord } from '../Record.js';
import type { Legacy } from '../run/ExecutionParts.js';
import { inheritanceOf } from '../run/forkRun.js';
import type { Reopening } from '../run/RunJournal.js';
import { RunLog } from '../run/RunLog.js';
import { deadlineInPast, reopenedByOthers } from '../run/refusals.js';
import { type ReopenParts, reopeningsOf } from '../run/reopenRun.js';
import { settlementOf } from '../run/settleRun.js';
import { identityOf } from './commandService.js';
import type { Ingress } from './Ingress.js';
import type { InspectedRun, Inspection } from './Inspection.js';
import type { PausedRuns } from './PausedRuns.js';
import { addressOf, newRunId, POST } from './RunAddress.js';
import type { RunInput, RunMail, RunOutput } from './RunMessages.js';
import { rowOf } from './RunRecords.js';
import type { RunTracker } from './RunTracker.js';
import { ScratchJournal } from './ScratchJournal.js';
import type { Sessions } from './Sessions.js';

export interface RunStartsParts {
  readonly ingress: Ingress;
  readonly setup: EngineSetup;
  readonly clock: Clock;
  readonly tracker: RunTracker;
  readonly sessions: Sessions | undefined;
  /** Undefined where nobody can be asked. */
  readonly paused: PausedRuns | undefined;
  /** @param what it is needed for */
  readonly inspection: (what: string) => Inspection;
}

/** What is recorded of a run before it goes on. */
interface Recorded {
  readonly records: readonly JournalRecord[];
  /** What is there for it then. */
  readonly mail?: readonly RunMail[];
}

export class RunStarts {
  constructor(private readonly parts: RunStartsParts) {}

  async start(request: StartRequest): Promise<RunHandle> {
    const { clock, tracker } = this.parts;
    const { command, deadline, parent, parentStep } = request;
    if (deadline !== undefined && deadline <= clock.now()) throw deadlineInPast(command, deadline);
    const input = this.inputOf(request);
    this.load(input);
    if (parent !== undefined && parentStep !== undefined) await this.parts.sessions?.get(parent)?.childBegins(parentStep);
    if (request.awaited) return tracker.handleOf(input.run, () => this.invoke(input));
    await this.submit(input);
    return tracker.handleOf(input.run);
  }

  /** Begins the run unless it was begun before. @throws UsageError `KEY_REUSED` */
  private async submit(input: RunInput): Promise<void> {
    const isNew = await this.parts.ingress.submit(addressOf(input.run), input);
    if (!isNew && input.key !== null) await this.refuseOther(input);
  }

  /** With one request where all goes well. @returns undefined when the end has to be waited for anew */
  private async invoke(input: RunInput): Promise<RunOutput | undefined> {
    const output = await this.parts.ingress.invoke<RunOutput>(addressOf(input.run), input);
    if (output === undefined) await this.submit(input);
    return output;
  }

  /** May refuse, so before anything is recorded. */
  private load(input: RunInput): void {
    this.parts.setup.load(rowOf(input), input.origin);
  }

  private inputOf(request: StartRequest): RunInput {
    const { command, version, fingerprint, params, principal, key, queue } = request;
    const origin = this.originOf(request);
    const isQueued = queue !== undefined && origin.holds?.includes(queue.name) !== true;
    const parentTurn = origin.parent === undefined ? undefined : this.parts.sessions?.get(origin.parent)?.turn;
    return {
      run: newRunId(command, key),
      command,
      version,
      fingerprint,
      params: params.text,
      principal,
      key: key ?? null,
      seed: randomUUID(),
      startedAt: this.parts.clock.now(),
      origin,
      place: isQueued ? placeIn(queue) : null,
      queue: isQueued ? queue : undefined,
      parentTurn: parentTurn === 0 ? undefined : parentTurn,
    };
  }

  /** A run that another waits for shares the places that this one has in its queues: else they would wait for one another. */
  private originOf({ deadline, parent, parentStep }: StartRequest): RunOrigin {
    const origin = { deadline, parent, traceparent: undefined };
    if (parent === undefined || parentStep === undefined) return origin;
    const around = this.parts.sessions?.get(parent);
    const holds = [...(around?.origin.holds ?? []), ...(around?.place ? [around.place.queue] : [])];
    return { ...origin, parentStep, ...(holds.length > 0 ? { holds } : {}) };
  }

  /** @throws UsageError `KEY_REUSED` */
  private async refuseOther(input: RunInput): Promise<void> {
    const { run, key, command } = input;
    const [params, principal] = identityOf(input).split(' ');
    const known = await this.parts.tracker.identityOf(run);
    if (known === undefined) return; // It was ended in Restate before it had begun, which is what becomes of this key.
    const [knownParams, knownPrincipal] = known.split(' ');
    if (params === knownParams && principal === knownPrincipal) return;
    const differs = params === knownParams ? 'another principal' : 'other params';
    throw new UsageError(
      'KEY_REUSED',
      `The key "${key}" of ${command} belongs to run ${run}, which has ${differs}. Use another key, or the same ones.`,
      { details: { key, command, run } },
    );
  }

  /** Restate goes on with runs by itself; one that stands still tries again. */
  async resume(runId: string): Promise<RunHandle> {
    const { ingress, tracker, paused } = this.parts;
    const { run, turn, ended } = await tracker.placeOf(runId);
    const address = addressOf(run, turn);
    if (!ended) await paused?.resume(address);
    if (!ended && (await ingress.call(address, 'stopped'))) await ingress.call(address, POST, { kind: 'resume' } satisfies RunMail);
    return tracker.handleOf(runId);
  }

  async resumeByKey(command: string, key: string): Promise<RunHandle | undefined> {
    const run = newRunId(command, key);
    return (await this.parts.ingress.output(addressOf(run))) === null ? undefined : this.resume(run);
  }

  async reopen(runId: string): Promise<RunHandle> {
    const found = await this.parts.inspection('reopen').find(runId);
    if (found.isBroken) return this.mend(found);
    await this.refuseWithChild(found);
    return this.goOn(found, (parts) => {
      const reopenings = reopeningsOf(parts, found.row);
      return reopenings[reopenings.length - 1] as Reopening;
    });
  }

  /** Goes on where it was, with what it was told since. */
  private async mend(found: InspectedRun): Promise<RunHandle> {
    const { run } = found.input;
    const moved: RunMail = { kind: 'moved', to: run, turn: found.turn + 1 };
    await this.parts.ingress.call(addressOf(run, found.turn), POST, moved);
    const mail = await this.parts.inspection('reopen').unread(found);
    return this.goOn(found, () => ({ records: [], mail }));
  }

  /** A step that waited for a child waits for it again, and would get the same. */
  private async refuseWithChild({ input, list, records }: InspectedRun): Promise<void> {
    for (const { kind, step, label, status } of list) {
      if (kind !== 'step-ended' || status === 'succeeded' || step === null || !records.children.has(step)) continue;
      const child = newRunId(label, `${input.run}/${step}`);
      const { ended } = await this.parts.tracker.placeOf(child);
      if (ended && ended.status !== 'completed') throw childFailed(child);
    }
  }

  async settle(runId: string, settlement: Settlement): Promise<RunHandle> {
    const found = await this.parts.inspection('settle').find(runId);
    return this.goOn(found, (parts) => settlementOf(parts, found.row, settlement));
  }

  /** The end of an invocation is final: another one goes on with what the first recorded. */
  private async goOn(found: InspectedRun, reopening: (parts: ReopenParts) => Recorded): Promise<RunHandle> {
    const { setup, clock, ingress, tracker } = this.parts;
    const { input, list, records, turn } = found;
    const journal = new ScratchJournal([...list], records.bridges);
    const { records: more, mail } = reopening({ journal, setup, clock });
    const { mail: _mail, queue: _queue, ...begun } = input;
    const bridges = [...records.bridges].map(([after, { from, hash }]) => ({ from, to: after - 1, hash }));
    const next: RunInput = { ...begun, past: [...list, ...more], bridges, mail, turn: turn + 1 };
    if (!(await ingress.submit(addressOf(input.run, turn + 1), next))) throw reopenedByOthers(input.run);
    return tracker.handleOf(input.run);
  }

  async fork(runId: string, from: ForkPoint, queue?: QueueEntry): Promise<RunHandle> {
    const { clock, ingress, tracker } = this.parts;
    const { input, list, records: earlier, row } = await this.parts.inspection('fork').find(runId);
    const { records, until } = inheritanceOf(input.run, list, from);
    const past = RunLog.of(new ScratchJournal(), row, { records: list, bridges: earlier.bridges });
    const origin: RunOrigin = {
      deadline: undefined,
      traceparent: undefined,
      parent: undefined,
      epoch: past.origin.epoch ?? input.startedAt,
      forkedFrom: { run: input.run, seq: until },
      inherited: records.length + 1,
    };
    const { command, version, fingerprint, params, principal, seed } = input;
    const place = queue ? placeIn(queue) : null;
    const started = { run: newRunId(command), command, version, fingerprint, params, principal, key: null, seed };
    const next: RunInput = { ...started, startedAt: clock.now(), origin, place, queue };
    this.load(next);
    const journal = new ScratchJournal();
    const log = RunLog.begin(journal, rowOf(next), origin);
    for (const { kind, at, label, step, status, effect, startedAt, body } of records) {
      log.append({ kind, at, label, step, status, effect, startedAt, body });
    }
    await ingress.submit(addressOf(next.run), { ...next, past: journal.records() });
    return tracker.handleOf(next.run);
  }
}

/** What the run that goes on with one is begun with. */
export function successorOf(
  run: RunInput,
  earlier: RunOrigin,
  { legacy, now }: { readonly legacy: Legacy; readonly now: number },
): RunInput {
  const { epoch: _epoch, forkedFrom: _forkedFrom, ...kept } = earlier;
  const { command, version, fingerprint, principal, place, parentTurn } = run;
  const { params, signals, cancelled } = legacy;
  const told: RunMail[] = signals.map(({ step, label, body }) => ({
    kind: 'signal',
    name: label,
    value: body ?? 'null',
    token: step ?? randomUUID(),
  }));
  const mail: RunMail[] = cancelled === undefined ? told : [...told, { kind: 'cancel', reason: cancelled }];
  const origin: RunOrigin = { ...kept, predecessor: run.run };
  const begun = { run: newRunId(command), command, version, fingerprint, params: params.text, principal, key: null };
  return { ...begun, seed: randomUUID(), startedAt: now, origin, place, mail, parentTurn };
}

function placeIn({ name: queue, key, priority }: QueueEntry): RunInput['place'] {
  return { queue, key, priority };
}

function childFailed(child: string): UsageError {
  return notOnEngine(
    'restate',
    'reopen of a run together with its child',
    `what the child did is another's to go on with. Reopen ${child} first`,
  );
}
