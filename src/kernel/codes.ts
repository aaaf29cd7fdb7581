/** The table of error codes. `docs/errors.md` lists the same codes; a test compares the two. */

export type ErrorGroup =
  | 'UsageError'
  | 'CommandFailure'
  | 'TransientError'
  | 'CancelledError'
  | 'TimeoutError'
  | 'OutcomeUnknownError'
  | 'InvariantViolation';

export interface ErrorCodeEntry {
  readonly group: ErrorGroup;
  /** What happened, in general. */
  readonly meaning: string;
  /** What the reader does about it. */
  readonly remedy: string;
}

export const ERROR_CODES = {
  ANALYSER_NOT_APPLICABLE: {
    group: 'CommandFailure',
    meaning: 'An analyser has nothing to say about such a source tree.',
    remedy: 'Nothing, or give it what the message names.',
  },
  ANALYSER_NOT_INSTALLED: {
    group: 'CommandFailure',
    meaning: 'The tool of an analyser was not found.',
    remedy: 'Install it with the command in the message, or leave the analyser out with `--only`.',
  },
  ANALYSER_OUTPUT_UNREADABLE: {
    group: 'CommandFailure',
    meaning: 'The tool of an analyser printed something that is not its report.',
    remedy: 'Run the tool by hand on the folder; its version may be outside the range that Sixfold knows.',
  },
  EVENT_NOT_DECLARED: {
    group: 'UsageError',
    meaning: 'A system emitted an event type that the scope of the run does not declare.',
    remedy: 'Add the type to `events` of the scope, or correct its name.',
  },
  OPERATION_BYPASSES_JOURNAL: {
    group: 'UsageError',
    meaning: 'A hook called an operation on the system itself, where the journal does not see it.',
    remedy: 'Call it through the `systems` parameter of the hook.',
  },
  PROCESS_NOT_STARTED: {
    group: 'CommandFailure',
    meaning: 'A program could not be started.',
    remedy: 'Check that it is installed and executable; the message has the reason of the operating system.',
  },
  PROCESS_FAILED: {
    group: 'CommandFailure',
    meaning: 'A program ended with an exit code that is not among the accepted ones, or by a signal.',
    remedy: 'Read the end of its error output in the message.',
  },
  OUTPUT_TOO_LARGE: {
    group: 'CommandFailure',
    meaning: 'A program printed more than its limit.',
    remedy: 'Narrow what it looks at, or raise the limit of the channel.',
  },
  STEP_TIMED_OUT: {
    group: 'TimeoutError',
    meaning: 'A step did not end within its time.',
    remedy: 'Raise `timeoutMs`, or find out why it is slow.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
