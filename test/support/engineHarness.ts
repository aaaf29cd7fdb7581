/** An embedded engine with programs that are plain functions, and journals that are cut off where a crash would cut them. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DurableRun } from '../../src/abstract/DurableRun.js';
import { silentTelemetry } from '../../src/abstract/Telemetry.js';
import type { Engine, EngineSetup, RunHandle } from '../../src/engine/Engine.js';
import { type EmbeddedEngineOptions, embeddedEngine } from '../../src/engine/embedded/EmbeddedEngine.js';
import type { Call, Effect } from '../../src/kernel/Call.js';
import { Carried } from '../../src/kernel/codec/Carried.js';
import { Codec } from '../../src/kernel/codec/Codec.js';
import type { Logger } from '../../src/kernel/Logger.js';
import { SecretVault } from '../../src/kernel/SecretVault.js';

export const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
export const codec = new Codec();

export type Code = (run: DurableRun) => Promise<unknown>;

export interface OpenOptions extends Partial<EmbeddedEngineOptions> {
  readonly fingerprint?: string;
  readonly onUnload?: () => Promise<void>;
  /** Called before each load; may refuse by throwing. */
  readonly onLoad?: () => void;
}

/** Opens an engine whose every run executes `code`. */
export async function openEngine(
  file: string,
  code: Code,
  { fingerprint, onUnload, onLoad, ...options }: OpenOptions = {},
): Promise<Engine> {
  const engine = embeddedEngine({ file, durability: 'process', graceMs: 50, drainMs: 50, ...options });
  await engine.open(setupOf(code, { ...(fingerprint && { fingerprint }), ...(onUnload && { onUnload }), ...(onLoad && { onLoad }) }));
  return engine;
}

/** Every run of an engine that is opened with it executes `code`. */
export function setupOf(code: Code, { fingerprint = 'f1', onUnload, onLoad }: OpenOptions = {}): EngineSetup {
  return {
    codec,
    logger: silent,
    telemetry: silentTelemetry,
    secrets: new SecretVault([]),
    commands: ['test'],
    queues: [],
    load: () => {
      onLoad?.();
      return {
        fingerprint,
        run: code,
        carryParams: (params) => Carried.ofText(codec.encode(params, 'params')),
        carryResult: (result) => codec.carry(result, 'the result'),
        report: () => () => 'null',
        unload: async () => onUnload?.(),
        progress: () => ({ done: 0 }),
      };
    },
  };
}

export function begin(engine: Engine, params: unknown = null, key?: string): Promise<RunHandle> {
  return engine.start({
    command: 'test',
    version: '1',
    fingerprint: 'f1',
    params: Carried.ofText(codec.encode(params, 'params')),
    principal: 'null',
    key,
  });
}

/** A step of a test. */
export function ask<T>(
  run: DurableRun,
  name: string,
  input: unknown,
  body: (call: Call) => T | Promise<T>,
  effect: Effect = 'idempotent',
): Promise<T> {
  return run.step({ branch: 'execution', name, input, effect, body: (_input, call) => body(call) });
}

export async function resultOf(handle: RunHandle): Promise<unknown> {
  const ended = await handle.ended();
  if (ended.status !== 'completed') throw codec.decode(ended.error ?? 'null');
  return codec.revive(ended.result ?? Carried.ofText('null'));
}

/** A folder for journals, removed when the test file is done. */
export function journalFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of a journal as a crash after its n-th record would have left it. */
export function cutJournal(file: string, copy: string, records: number): void {
  const source = new DatabaseSync(file);
  source.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  source.close();
  copyFileSync(file, copy);
  const database = new DatabaseSync(copy);
  database.prepare('DELETE FROM record WHERE seq > ?').run(records);
  database.exec("UPDATE run SET status = NULL, ended_at = NULL, standing = 'running', owner = NULL, due = NULL");
  database.exec('DELETE FROM process; DELETE FROM mail;');
  database.close();
}
