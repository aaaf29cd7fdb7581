/** Exit codes of the command line; `docs/cli.md` lists them. */
export const EXIT = {
  done: 0,
  /** The run completed, and its result misses what the caller asked of it, such as `--fail-on`. */
  notAccepted: 1,
  usage: 2,
  failed: 3,
  /** A gate of the run waits for a person; the run was handed back. */
  waiting: 4,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;

/** The same for `--help`. */
export const EXIT_CODES =
  'Exit codes: 0 done, 1 findings at or above --fail-on, 2 bad usage, 3 run failed, 4 run waits for an override, 130 cancelled by Ctrl-C.';
