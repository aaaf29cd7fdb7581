/**
 * A queue as a virtual object: which of the runs that wait may begin. Restate itself has neither priority nor rate.
 *
 * Invariants, as those of the journals: of one queue no more runs are begun and not ended than its limit; of the runs of the highest priority the
 * key that was served longest ago is next, and of one key the oldest.
 */
import type { ObjectContext } from '@restatedev/restate-sdk';
import type { QueueEntry, QueueLimits } from '../Engine.js';
import { Pace } from '../run/Pace.js';
import { JSON_INPUT } from './jsonInput.js';
import { addressOf, POST, QUEUE } from './RunAddress.js';
import type { RunMail } from './RunMessages.js';
import type { RestateSdk } from './sdk.js';

interface Waiting {
  readonly run: string;
  readonly key: string;
  readonly priority: number;
  /** In the order they came. */
  readonly number: number;
}

interface QueueState {
  readonly limits: QueueLimits;
  readonly waiting: readonly Waiting[];
  readonly begun: readonly string[];
  /** When each key was served last, in turns. */
  readonly turns: Readonly<Record<string, number>>;
  readonly turn: number;
  readonly number: number;
  readonly arrivalAt: number;
  /** When the queue looks again by itself, in milliseconds since the epoch. */
  readonly alarmAt: number;
}

/** A key that was not served for so many turns counts as one that never was. */
const TURNS_KEPT = 10_000;

export interface Entering {
  readonly run: string;
  readonly entry: QueueEntry;
}

export function queueObject(sdk: RestateSdk) {
  const change = async (ctx: ObjectContext, next: (state: QueueState) => QueueState): Promise<void> => {
    const now = await ctx.date.now();
    const { state, admitted } = admit(next((await ctx.get<QueueState>('state')) ?? NEW), now);
    for (const { run } of admitted) {
      const mail: RunMail = { kind: 'admitted' };
      ctx.genericSend({ ...addressOf(run), method: POST, parameter: mail, ...JSON_INPUT });
    }
    ctx.set('state', withAlarm(ctx, state, now));
  };
  const withAlarm = (ctx: ObjectContext, state: QueueState, now: number): QueueState => {
    const pace = new Pace(state.limits.rate, state.arrivalAt, now);
    if (state.waiting.length === 0 || pace.open || (state.alarmAt > now && state.alarmAt <= pace.nextAt)) return state;
    const delay = Math.ceil(pace.nextAt - now);
    ctx.genericSend({ service: QUEUE, key: ctx.key, method: 'look', parameter: {}, ...JSON_INPUT, delay });
    return { ...state, alarmAt: now + delay };
  };
  return sdk.object({
    name: QUEUE,
    handlers: {
      enter: (ctx: ObjectContext, { run, entry }: Entering) => change(ctx, (state) => entered(state, run, entry)),
      leave: (ctx: ObjectContext, { run }: { readonly run: string }) => change(ctx, (state) => left(state, run)),
      /** A run is gone on with by another, which has its place. */
      pass: (ctx: ObjectContext, { run, to }: { readonly run: string; readonly to: string }) =>
        change(ctx, (state) => ({ ...state, begun: state.begun.map((one) => (one === run ? to : one)) })),
      look: (ctx: ObjectContext) => change(ctx, (state) => state),
    },
    options: { ingressPrivate: true },
  });
}

const NEW: QueueState = { limits: { name: '' }, waiting: [], begun: [], turns: {}, turn: 0, number: 0, arrivalAt: 0, alarmAt: 0 };

function entered(state: QueueState, run: string, { key, priority, ...limits }: QueueEntry): QueueState {
  const number = state.number + 1;
  return { ...state, limits, number, waiting: [...state.waiting, { run, key, priority, number }] };
}

function left(state: QueueState, run: string): QueueState {
  return {
    ...state,
    waiting: state.waiting.filter((one) => one.run !== run),
    begun: state.begun.filter((one) => one !== run),
  };
}

function admit(state: QueueState, now: number): { readonly state: QueueState; readonly admitted: readonly Waiting[] } {
  const { concurrency = Number.POSITIVE_INFINITY, rate } = state.limits;
  const pace = new Pace(rate, state.arrivalAt, now);
  const admitted: Waiting[] = [];
  let { turn } = state;
  const turns = new Map(Object.entries(state.turns));
  let waiting = state.waiting;
  while (waiting.length > 0 && state.begun.length + admitted.length < concurrency && pace.open) {
    const next = nextOf(waiting, turns);
    waiting = waiting.filter((one) => one !== next);
    admitted.push(next);
    turn += 1;
    turns.set(next.key, turn);
    pace.take();
  }
  const kept = [...turns].filter(([, served]) => served > turn - TURNS_KEPT);
  const begun = [...state.begun, ...admitted.map(({ run }) => run)];
  return { state: { ...state, waiting, begun, turn, turns: Object.fromEntries(kept), arrivalAt: pace.arrivalAt }, admitted };
}

function nextOf(waiting: readonly Waiting[], turns: ReadonlyMap<string, number>): Waiting {
  const turnOf = ({ key }: Waiting): number => turns.get(key) ?? 0;
  const sooner = (a: Waiting, b: Waiting): number => b.priority - a.priority || turnOf(a) - turnOf(b) || a.number - b.number;
  return waiting.reduce((best, one) => (sooner(one, best) < 0 ? one : best));
}
