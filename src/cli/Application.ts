import type { CommandRunner, RegisteredCommand, StartOptions } from '../index.js';

export interface OpenOptions {
  /** `plan` and `look` write nothing to a journal; `resume` makes none; `serve` goes on with all that is there. */
  readonly purpose: 'start' | 'resume' | 'look' | 'plan' | 'serve';
  /** The journal that the user named; only where `journal` is `chosen`. */
  readonly db: string | undefined;
  readonly verbose: boolean;
  /** @default the engine that the environment names, or that of the application */
  readonly start?: Omit<StartOptions, 'resume'>;
}

/** What a command line runs: the commands of one container. */
export interface Application extends AsyncDisposable {
  readonly commands: readonly RegisteredCommand[];
  /** Whether the user chooses the journal, or the application brings its own. */
  readonly journal: 'chosen' | 'own';
  /** Opens what the purpose needs; runs are left alone but for `serve`. Dispose what it gives before the application. */
  open(options: OpenOptions): Promise<CommandRunner>;
}
