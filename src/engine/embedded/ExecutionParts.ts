import type { RunTrace } from '../../abstract/Telemetry.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import type { Logger } from '../../kernel/Logger.js';
import type { SecretVault } from '../../kernel/SecretVault.js';
import type { Program } from '../Engine.js';
import type { RunWatch } from '../RunWatch.js';
import type { Journal } from './Journal.js';
import type { RunLog } from './RunLog.js';

/** What one load of a run stands on. */
export interface ExecutionParts {
  readonly journal: Journal;
  readonly log: RunLog;
  readonly program: Program;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly watch: RunWatch;
  readonly logger: Logger;
  /** How long a body may take to heed its signal. */
  readonly graceMs: number;
  readonly trace: RunTrace;
  readonly secrets: SecretVault;
}
