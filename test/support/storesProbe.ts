/** A process of its own with an engine on a journal, whose stores it uses as it is told over IPC. Its argument is the file. */
import { writeSync } from 'node:fs';
import type { Engine } from '../../src/engine/Engine.js';
import type { Fence, LockWish } from '../../src/engine/stores/Stores.js';
import { openEngine } from './engineHarness.js';

const [file = ''] = process.argv.slice(2);
const tell = (message: object): void => void process.send?.(message);
let engine: Engine;

const CALLS = {
  open: async () => {
    engine = await openEngine(file, async () => undefined);
  },
  /** Counts an entry up so often, each time under the lock. @returns the tokens that it had */
  count: async (times: number) => {
    const { state, locks } = engine.stores;
    const tokens: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const fence = await locks.acquire('count', { owner: String(process.pid), leaseMs: 10_000, waitMs: 30_000 });
      if (!fence) throw new Error('the lock was not free in 30 s');
      const before = await state.get('s', 'count', { fence });
      await state.set('s', 'count', String(Number(before?.value ?? 0) + 1), { fence });
      tokens.push(fence.token);
      await locks.release(fence);
    }
    return tokens;
  },
  acquire: (lock: string, wish: LockWish) => engine.stores.locks.acquire(lock, wish),
  release: (fence: Fence) => engine.stores.locks.release(fence),
  /** Adds entries one by one until it is killed, and writes a line for each once it may be relied on. */
  append: async () => {
    for (let n = 0; ; n += 1) {
      const [offset] = await engine.stores.topics.append('t', [{ id: `e${n}`, value: String(n) }]);
      writeSync(1, `${offset}\n`);
    }
  },
  add: (id: string) => engine.stores.topics.append('t', [{ id, value: id }]),
  close: () => engine.close(),
} as const;

type Call = (...values: unknown[]) => unknown;

async function answer({ call, values }: { call: keyof typeof CALLS; values: unknown[] }): Promise<void> {
  try {
    tell({ answer: (await (CALLS[call] as Call)(...values)) ?? null });
  } catch (error) {
    const { code = 'none', message } = error as Error & { code?: string };
    tell({ refused: { code, message } });
  }
}

process.on('message', (message: Parameters<typeof answer>[0]) => void answer(message));
