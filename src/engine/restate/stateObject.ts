/**
 * A space of the state store as a virtual object, with a key of its state for each entry.
 *
 * Invariant: the version is that of the last write of the space, and is not taken back when an entry goes.
 */
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import { Answer } from '../stores/Answer.js';
import { byCodePoints } from '../stores/byCodePoints.js';
import type { Fence, StateEntry, StateGuard, StateRange } from '../stores/Stores.js';
import type { RestateSdk } from './sdk.js';
import { isStale, OBJECT_OPTIONS, type Refused, STALE, STATE } from './storeObjects.js';

type Kept = Omit<StateEntry, 'key'>;

export interface StateChange extends StateGuard {
  readonly key: string;
}

export interface StateWrite extends StateChange {
  readonly value: string;
}

const ENTRY = 'entry:';
const VERSION = 'version';

export function stateObject(sdk: RestateSdk) {
  const { object } = sdk.handlers;
  const refusal = async (ctx: ObjectContext, { key, fence, version }: StateChange): Promise<Refused | undefined> => {
    if (await isStale(ctx, fence)) return STALE;
    const found = version === undefined ? undefined : ((await entryOf(ctx, key))?.version ?? 0);
    return found === undefined || found === version ? undefined : { refused: 'version', found };
  };
  return sdk.object({
    name: STATE,
    handlers: {
      get: object.shared({}, (ctx: ObjectSharedContext, { key }: { readonly key: string }) => entryOf(ctx, key)),
      /** Behind every write that came before. */
      getFenced: async (ctx: ObjectContext, { key, fence }: { readonly key: string; readonly fence: Fence }) =>
        (await isStale(ctx, fence)) ? STALE : entryOf(ctx, key),
      set: async (ctx: ObjectContext, write: StateWrite): Promise<number | Refused> => {
        const refused = await refusal(ctx, write);
        if (refused) return refused;
        const version = ((await ctx.get<number>(VERSION)) ?? 0) + 1;
        ctx.set(VERSION, version);
        ctx.set<Kept>(ENTRY + write.key, { value: write.value, version });
        return version;
      },
      delete: async (ctx: ObjectContext, guard: StateChange): Promise<boolean | Refused> => {
        const refused = await refusal(ctx, guard);
        if (refused) return refused;
        const there = (await entryOf(ctx, guard.key)) !== null;
        if (there) ctx.clear(ENTRY + guard.key);
        return there;
      },
      list: object.shared(
        {},
        async (ctx: ObjectSharedContext, { prefix = '', after, limit }: StateRange): Promise<readonly StateEntry[]> => {
          const keys = (await ctx.stateKeys()).filter((name) => name.startsWith(ENTRY + prefix)).map((name) => name.slice(ENTRY.length));
          const answer = new Answer<StateEntry>(limit);
          for (const key of keys.toSorted(byCodePoints)) {
            if (after !== undefined && byCodePoints(key, after) <= 0) continue;
            if (answer.full) break;
            const entry = await entryOf(ctx, key);
            if (entry && !answer.add(entry)) break; // It may have gone since.
          }
          return answer.entries;
        },
      ),
    },
    options: OBJECT_OPTIONS,
  });
}

async function entryOf(ctx: ObjectSharedContext, key: string): Promise<StateEntry | null> {
  const kept = await ctx.get<Kept>(ENTRY + key);
  return kept && { key, ...kept };
}
