/** Engines on Restate servers that a test file starts when it needs them, and ends when it is done. */
import { join } from 'node:path';
import { hasRestate, RestateServer } from '../../../bench/support/restate/RestateServer.js';
import type { Engine } from '../../../src/engine/Engine.js';
import { type RestateEngineOptions, restateEngine } from '../../../src/engine/restate/RestateEngine.js';

export { hasRestate };

export interface RestateServers {
  /** An engine with a worker of its own on a free port. */
  engine(options?: Partial<RestateEngineOptions>): Promise<Engine>;
  server(): Promise<RestateServer>;
}

/** @param forceReplay an invocation is replayed from its journal at every await */
export function restateServers(folder: string, { forceReplay = false } = {}): RestateServers {
  let starting: Promise<RestateServer> | undefined;
  const server = (): Promise<RestateServer> => {
    starting ??= RestateServer.start(join(folder, forceReplay ? 'replayed' : 'restate'), { forceReplay });
    return starting;
  };
  afterAll(async () => {
    const started = await starting;
    await started?.[Symbol.asyncDispose]();
  });
  return {
    server,
    async engine(options = {}) {
      const { ports } = await server();
      return restateEngine({
        ingressUrl: `http://127.0.0.1:${ports.ingress}`,
        adminUrl: `http://127.0.0.1:${ports.admin}`,
        listen: { port: 0 },
        acceptUnsigned: true,
        drainMs: 50,
        graceMs: 50,
        ...options,
      });
    },
  };
}
