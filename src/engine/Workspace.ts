import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The private temporary folder of a run. Its path follows from the run's id, which cannot be guessed, so that a resumed
 * run finds and removes what a killed process left behind.
 */
export class Workspace {
  private readonly path: string;
  private made: Promise<string> | undefined;

  constructor(runId: string) {
    this.path = join(tmpdir(), `sixfold-${runId}`);
  }

  /** Makes the folder at the first call; mode 0700. */
  open(): Promise<string> {
    this.made ??= mkdir(this.path, { recursive: true, mode: 0o700 }).then(() => this.path);
    return this.made;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}
