/**
 * A lock as a virtual object. Who waits for it is given it in the order they came.
 *
 * Invariants: the token grows with every holder, and stays when there is none. A lease ends when the message comes that the lock sent to itself
 * with that delay, by Restate's own time; a message of a term that was renewed since means nothing.
 */
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import type { LockHolder, LockWish } from '../stores/Stores.js';
import { JSON_INPUT } from './jsonInput.js';
import type { RestateSdk } from './sdk.js';
import { callObject, LOCK, OBJECT_OPTIONS, PRIVATE } from './storeObjects.js';

interface Holding extends LockHolder {
  /** Counts the renewals. */
  readonly term: number;
  /** The awakeable of who waited for it. */
  readonly waiter: string | undefined;
}

interface Waiter {
  readonly id: string;
  readonly owner: string;
  readonly leaseMs: number;
}

interface LockState {
  readonly token: number;
  readonly holding: Holding | undefined;
  readonly waiting: readonly Waiter[];
}

type Taking = Pick<LockWish, 'owner' | 'leaseMs'> & { readonly waiter?: string };

type Waiting = Pick<LockWish, 'owner' | 'leaseMs'> & { readonly waitMs: number };

const NEW: LockState = { token: 0, holding: undefined, waiting: [] };

export function lockObject(sdk: RestateSdk) {
  const { object } = sdk.handlers;
  return sdk.object({
    name: LOCK,
    handlers: {
      take: (ctx: ObjectContext, taking: Taking) => take(ctx, taking),
      /** As `take`, when it is not free at once. */
      acquire: object.shared({}, (ctx: ObjectSharedContext, wish: Waiting) => acquire(sdk, ctx, wish)),
      leave: object.exclusive(PRIVATE, leave),
      renew: async (ctx: ObjectContext, { token, leaseMs }: { readonly token: number; readonly leaseMs: number }): Promise<boolean> => {
        const { state, holding } = await heldBy(ctx, token);
        if (!holding) return false;
        const renewed = { ...holding, term: holding.term + 1 };
        ctx.set<LockState>('lock', { ...state, holding: renewed });
        sendEnd(ctx, renewed, leaseMs);
        return true;
      },
      release: async (ctx: ObjectContext, { token }: { readonly token: number }): Promise<void> => {
        const { state, holding } = await heldBy(ctx, token);
        if (holding) handOver(ctx, state);
      },
      end: object.exclusive(PRIVATE, async (ctx: ObjectContext, { token, term }: Pick<Holding, 'token' | 'term'>): Promise<void> => {
        const { state, holding } = await heldBy(ctx, token);
        if (holding?.term === term) handOver(ctx, state);
      }),
      counts: object.shared(
        PRIVATE,
        async (ctx: ObjectSharedContext, { token }: { readonly token: number }) => (await heldBy(ctx, token)).holding !== undefined,
      ),
      holder: object.shared({}, async (ctx: ObjectSharedContext): Promise<LockHolder | null> => {
        const { holding } = await stateOf(ctx);
        return holding ? { owner: holding.owner, token: holding.token } : null;
      }),
    },
    options: OBJECT_OPTIONS,
  });
}

/** @returns the token, or null when it was not free */
async function take(ctx: ObjectContext, { owner, leaseMs, waiter }: Taking): Promise<number | null> {
  const state = await stateOf(ctx);
  if (!state.holding) return hold(ctx, state, { id: waiter, owner, leaseMs });
  if (waiter !== undefined) ctx.set<LockState>('lock', { ...state, waiting: [...state.waiting, { id: waiter, owner, leaseMs }] });
  return null;
}

async function acquire(sdk: RestateSdk, ctx: ObjectSharedContext, { owner, leaseMs, waitMs }: Waiting): Promise<number | null> {
  const { id, promise } = ctx.awakeable<number>();
  const self = { service: LOCK, key: ctx.key };
  const token = await callObject<number | null>(ctx, { ...self, method: 'take', parameter: { owner, leaseMs, waiter: id } });
  if (token !== null) return token;
  const given = await sdk.RestatePromise.race([promise, ctx.sleep(waitMs).map(() => null)]);
  return given ?? callObject<number | null>(ctx, { ...self, method: 'leave', parameter: { waiter: id } });
}

/** @returns the token, when it was given the lock while it was about to leave */
async function leave(ctx: ObjectContext, { waiter }: { readonly waiter: string }): Promise<number | null> {
  const state = await stateOf(ctx);
  if (state.holding?.waiter === waiter) return state.holding.token;
  ctx.set<LockState>('lock', { ...state, waiting: state.waiting.filter(({ id }) => id !== waiter) });
  return null;
}

function handOver(ctx: ObjectContext, state: LockState): void {
  const [next, ...waiting] = state.waiting;
  const free = { ...state, holding: undefined, waiting };
  if (next) ctx.resolveAwakeable(next.id, hold(ctx, free, next));
  else ctx.set<LockState>('lock', free);
}

function hold(
  ctx: ObjectContext,
  state: LockState,
  { id, owner, leaseMs }: Omit<Waiter, 'id'> & { readonly id: string | undefined },
): number {
  const token = state.token + 1;
  const holding = { owner, token, term: 1, waiter: id };
  ctx.set<LockState>('lock', { ...state, token, holding });
  sendEnd(ctx, holding, leaseMs);
  return token;
}

function sendEnd(ctx: ObjectContext, { token, term }: Holding, leaseMs: number): void {
  ctx.genericSend({ service: LOCK, key: ctx.key, method: 'end', parameter: { token, term }, ...JSON_INPUT, delay: leaseMs });
}

async function heldBy(ctx: ObjectSharedContext, token: number) {
  const state = await stateOf(ctx);
  return { state, holding: state.holding?.token === token ? state.holding : undefined };
}

async function stateOf(ctx: ObjectSharedContext): Promise<LockState> {
  return (await ctx.get<LockState>('lock')) ?? NEW;
}
