import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call } from '../../src/kernel/Call.js';
import type { Logger } from '../../src/kernel/Logger.js';

export interface TestCall extends Call, AsyncDisposable {}

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A call outside any run: its workspace is a temporary folder that goes when the call is disposed of. */
export function testCall(options: { readonly signal?: AbortSignal } = {}): TestCall {
  let folder: Promise<string> | undefined;
  return {
    key: 'test',
    signal: options.signal ?? new AbortController().signal,
    deadline: undefined,
    attempt: 1,
    traceparent: undefined,
    workspace: () => {
      folder ??= mkdtemp(join(tmpdir(), 'sixfold-call-'));
      return folder;
    },
    emit: () => undefined,
    log: silent,
    progress: () => undefined,
    secret: async (reference) => `value of ${reference}`,
    [Symbol.asyncDispose]: async () => {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}
