import { RunLogger } from '../../abstract/RunLogger.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Logger } from '../../kernel/Logger.js';
import type { SecretVault } from '../../kernel/SecretVault.js';
import type { Workspace } from '../Workspace.js';
import type { CallParts } from './attempt.js';

export interface VoiceParts {
  readonly runId: string;
  readonly command: string;
  readonly traceId: string;
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: SecretVault;
  readonly emit: (id: string, type: string, source: string, data: object) => void;
}

export interface SpeakingStep {
  readonly identity: string;
  readonly step: string;
  readonly phase: string;
  readonly progressed: (done: number, total: number) => void;
}

/** The idempotency key of a step. */
export function keyOf(runId: string, identity: string): string {
  return `${runId}/${identity}`;
}

/** Writes in the name of a step. */
export function stepLogger(parts: VoiceParts, { step, phase }: Pick<SpeakingStep, 'step' | 'phase'>, silent: () => boolean): Logger {
  const { runId: run, command, traceId: trace, logger: target, secrets } = parts;
  return new RunLogger({
    target,
    silent,
    origin: () => ({ command, run, phase, step, trace }),
    redact: (text) => secrets.redact(text),
  });
}

/**
 * What an attempt may say and use while it lasts. Invariant: given up, it is not heard any more.
 */
export class AttemptVoice implements CallParts {
  readonly key: string;
  readonly log: Logger;
  private emitted = 0;
  private percent = 0;
  private silenced = false;

  constructor(
    private readonly parts: VoiceParts,
    private readonly speaker: SpeakingStep,
  ) {
    this.key = keyOf(parts.runId, speaker.identity);
    this.log = stepLogger(parts, speaker, () => this.silenced);
  }

  silence(): void {
    this.silenced = true;
  }

  workspace = (): Promise<string> => this.parts.workspace.open();

  secret = (reference: string): Promise<string> => this.parts.secrets.resolve(reference);

  emit = (type: string, data: object): void => {
    if (this.silenced) return;
    this.emitted += 1;
    this.parts.emit(`${this.speaker.identity}/${this.emitted}`, type, this.speaker.step, data);
  };

  /** Passes on what differs by a hundredth. */
  progress = (done: number, total: number): void => {
    const percent = Math.floor((100 * done) / total);
    const possible = done >= 0 && done <= total && total > 0 && Number.isFinite(total);
    if (this.silenced || !possible || percent === this.percent) return;
    this.percent = percent;
    this.speaker.progressed(done, total);
  };
}
