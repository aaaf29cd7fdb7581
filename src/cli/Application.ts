import type { CommandRunner, RegisteredCommand } from '../index.js';

export interface OpenOptions {
  /** `plan` and `look` write nothing to a journal; `resume` makes none. */
  readonly purpose: 'start' | 'resume' | 'look' | 'plan';
  /** The journal that the user named; only where `journal` is `chosen`. */
  readonly db: string | undefined;
  readonly verbose: boolean;
}

/** What a command line runs: the commands of one container. */
export interface Application extends AsyncDisposable {
  readonly commands: readonly RegisteredCommand[];
  /** Whether the user chooses the journal, or the application brings its own. */
  readonly journal: 'chosen' | 'own';
  /** Opens what the purpose needs; interrupted runs are left alone. Dispose what it gives before the application. */
  open(options: OpenOptions): Promise<CommandRunner>;
}
