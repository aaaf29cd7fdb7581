/** What an analyser is told of the source tree: taken once at the start of a run, and again at its end for comparison. */
export class TreeSurvey {
  /** Absolute path of the analysed folder, links resolved. */
  readonly root!: string;
  /** Every file that is source: not ignored by git, not under `node_modules` and the like. Relative, sorted. */
  readonly files!: readonly string[];
  /** How many of them are JavaScript or TypeScript. */
  readonly scripts!: number;
  readonly hasPackageJson!: boolean;
  /** The folder is in a git work tree that has at least one commit. */
  readonly hasHistory!: boolean;
  /** Why there is no history, in one sentence; absent where there is. */
  readonly noHistory?: string;
  /** Who said what is source: git, or a walk that leaves out folders by their usual names. */
  readonly listedBy!: 'git' | 'walk';
  /**
   * Folders on disk that hold no file of the tree, such as build output, and links to folders. Relative, sorted, at most 1000
   * of either; `node_modules` and `.git` are not named. Tools are told to stay out of them.
   */
  readonly outside!: readonly string[];
  /** Changes when a file is added, removed or written. */
  readonly fingerprint!: string;
}

const SCRIPT = /\.[cm]?[jt]sx?$/;

export function isScript(path: string): boolean {
  return SCRIPT.test(path);
}
