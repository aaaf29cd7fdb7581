import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The private temporary folder of a run. Its path follows from the run's id, which cannot be guessed, so that a resumed
 * run finds and removes what a killed process left behind.
 */
export class Workspace {
  private made: Promise<string> | undefined;

  /** @param inherited an earlier load of the run may have left it behind */
  constructor(
    private readonly runId: string,
    private readonly inherited: boolean,
  ) {}

  /** Makes the folder at the first call; mode 0700. */
  open(): Promise<string> {
    this.made ??= this.make();
    return this.made;
  }

  private get path(): string {
    return join(tmpdir(), `sixfold-${this.runId}`);
  }

  /** A failure is not kept: the next call tries again. */
  private async make(): Promise<string> {
    try {
      const { path } = this;
      await mkdir(path, { recursive: true, mode: 0o700 });
      return path;
    } catch (error) {
      this.made = undefined;
      throw error;
    }
  }

  /** Undefined when there is nothing to remove. */
  remove(): Promise<void> | undefined {
    if (!this.made && !(this.inherited && existsSync(this.path))) return undefined;
    return rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
