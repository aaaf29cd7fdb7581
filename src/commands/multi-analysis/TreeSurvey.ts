/** What an analyser is told of the source tree: taken once at the start of a run, and again at its end for comparison. */
export class TreeSurvey {
  /** Absolute path of the analysed folder. */
  readonly root!: string;
  /** Every file that is source: not ignored by git, not under `node_modules` and the like. Relative, sorted. */
  readonly files!: readonly string[];
  /** How many of them are JavaScript or TypeScript. */
  readonly scripts!: number;
  readonly hasPackageJson!: boolean;
  /** The folder is in a git work tree that has at least one commit. */
  readonly hasHistory!: boolean;
  /** Changes when a file is added, removed or written. */
  readonly fingerprint!: string;
}

const SCRIPT = /\.[cm]?[jt]sx?$/;

export function isScript(path: string): boolean {
  return SCRIPT.test(path);
}
