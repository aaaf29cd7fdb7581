/** Exit codes of the command line; `docs/cli.md` lists them. */
export const EXIT = {
  done: 0,
  /** The run completed, and its result misses what the caller asked of it, such as `--fail-on`. */
  notAccepted: 1,
  usage: 2,
  failed: 3,
  /** 128 + SIGINT. */
  interrupted: 130,
} as const;
