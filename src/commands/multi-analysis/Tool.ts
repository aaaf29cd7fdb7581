/** Finds the programs that the analysers run: packages beside Sixfold or the host application, and commands on the path. */

export interface LocatedTool {
  /** What to start. */
  readonly file: string;
  /** Arguments that come before the tool's own. */
  readonly args: readonly string[];
  readonly version: string;
}

export interface Tool {
  readonly name: string;
  /** @throws CommandFailure `ANALYSER_NOT_INSTALLED` with the command that installs it. */
  locate(): LocatedTool;
}
