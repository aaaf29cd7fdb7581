/** How git is asked about a tree that may be a stranger's: it reads, and runs nothing that the tree's own settings name. */
import { pathTool } from './Tool.js';

export const GIT = pathTool('git', ['--version']);

/** Settings before the subcommand: no file monitor, hook, signature program, pager or download of missing objects. */
export const GIT_READ_ONLY = [
  '--no-pager',
  '--literal-pathspecs',
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'log.showSignature=false', 'protocol.allow=never'].flatMap((setting) => [
    '-c',
    setting,
  ]),
];

/** A git hook that starts Sixfold leaves `GIT_DIR` and others set; they would point git at another repository. */
export const GIT_ENVIRONMENT = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
  LC_ALL: 'C',
} as const;
