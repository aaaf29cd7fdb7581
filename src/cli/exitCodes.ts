/** Exit codes of the command line; `docs/cli.md` lists them. */
export const EXIT = {
  done: 0,
  /** The run completed, and its result misses what the caller asked of it, such as `--fail-on`; or a check found something. */
  notAccepted: 1,
  usage: 2,
  failed: 3,
  /** The run waits for a person or a signal; it was handed back. */
  waiting: 4,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;

/** The same for `--help`. */
export const EXIT_CODES =
  'Exit codes: 0 done, 1 findings, 2 bad usage, 3 run failed, 4 run waits for a person or a signal, 130 cancelled by Ctrl-C.';
