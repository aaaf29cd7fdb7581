/** The table of error codes. `docs/errors.md` lists the same codes; a test compares the two. */
import { RESTATE_CODES } from './restateCodes.js';
import { STORE_CODES } from './storeCodes.js';
import { SYSTEM_CODES } from './systemCodes.js';

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
  ...RESTATE_CODES,
  ...STORE_CODES,
  ...SYSTEM_CODES,
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
  ANCHOR_INVALID: {
    group: 'UsageError',
    meaning: 'The file that was given as an anchor of the journal cannot be read, or is none.',
    remedy: 'Give a file that `sixfold runs anchor` wrote.',
  },
  ANCHOR_REFUSED: {
    group: 'UsageError',
    meaning: 'The signature of an anchor is wrong, or is there without a key, or is missing where a key was given.',
    remedy: 'Give the key that it was signed with; else the file is not what was written.',
  },
  APP_NOT_A_CONTAINER: {
    group: 'UsageError',
    meaning: 'The module that was named as an application does not export a container.',
    remedy: 'Export an Inversify container with `sixfoldModule`, or a function that gives one, as its default.',
  },
  APP_NOT_FOUND: {
    group: 'UsageError',
    meaning: 'The file that was named as an application does not exist, or is a folder.',
    remedy: 'Build the application, or correct the name.',
  },
  APP_NOT_LOADED: {
    group: 'UsageError',
    meaning: 'The module that was named as an application throws while it is loaded, or is not JavaScript.',
    remedy: 'Correct what the message says; `--verbose` shows the stack.',
  },
  CHANCE_IN_STEP: {
    group: 'UsageError',
    meaning: 'A step drew from the chance of the run inside its body, which replay leaves out.',
    remedy: 'Draw before the step.',
  },
  CODEC_TAG_UNKNOWN: {
    group: 'UsageError',
    meaning: 'The journal holds a kind of value that this version does not know.',
    remedy: 'Use the version that wrote the journal, or a newer one.',
  },
  COMMAND_NAME_INVALID: {
    group: 'UsageError',
    meaning: 'A command has a name that is not lower case words joined by hyphens.',
    remedy: 'Rename it in `@command`.',
  },
  COMMAND_NOT_DECLARED: {
    group: 'UsageError',
    meaning: 'A class was registered as a command and has no `@command` of its own.',
    remedy: 'Put `@command({ name, params })` on the class.',
  },
  COMMAND_NOT_PLANNED: {
    group: 'UsageError',
    meaning: 'A plan was asked for a command that coordinates no systems.',
    remedy: 'Run it; a plain command has no plan.',
  },
  COMMAND_NOT_RESOLVED: {
    group: 'UsageError',
    meaning: 'The container could not make an instance of a command class.',
    remedy: 'Put `@inject` on every parameter of its constructor, and bind what it asks for.',
  },
  COMMAND_OPTION_INVALID: {
    group: 'UsageError',
    meaning: '`@command` has a time limit or weight that is no usable number, or for no phase.',
    remedy: 'Correct the option that the message names.',
  },
  COMMAND_TWICE: {
    group: 'UsageError',
    meaning: 'Two registered classes have the same command name.',
    remedy: 'Rename one of them.',
  },
  COMMAND_UNKNOWN: {
    group: 'UsageError',
    meaning: 'No registered command has that name, or the class was not registered.',
    remedy: 'Add the class to `commands` of `sixfoldModule`, or correct the name.',
  },
  DEADLINE_INVALID: {
    group: 'UsageError',
    meaning: 'The deadline of a run is no valid date, or is over.',
    remedy: 'Give a `Date` in the future.',
  },
  DEADLINE_PASSED: {
    group: 'TimeoutError',
    meaning: 'The run did not end before its deadline.',
    remedy: 'Start it with a later deadline, or find out from its steps what took so long.',
  },
  DRIVER_OVERRIDDEN: {
    group: 'UsageError',
    meaning: 'A command class defines `execute`, which would replace the driver.',
    remedy: 'Write `run()` in a plain command, `coordinateSystemInteractions()` in an orchestration.',
  },
  DURATION_INVALID: {
    group: 'UsageError',
    meaning: 'A duration is no number of milliseconds from 0 to 100 years.',
    remedy: 'Correct the value in the message.',
  },
  ENGINE_CLOSED: {
    group: 'UsageError',
    meaning: 'The engine was used before it was opened or after it was closed.',
    remedy: 'Use the runner between `startSixfold` and its disposal.',
  },
  ENGINE_OPENED_TWICE: {
    group: 'UsageError',
    meaning: 'One engine was given to two applications, or used again after it was closed.',
    remedy: 'Make an engine for each start.',
  },
  ENGINE_READ_ONLY: {
    group: 'UsageError',
    meaning: 'A journal that was opened for reading was asked to start or resume a run.',
    remedy: 'Open it without `readOnly`.',
  },
  EVENT_NOT_DECLARED: {
    group: 'UsageError',
    meaning: 'A system emitted an event type that the scope of the run does not declare.',
    remedy: 'Add the type to `events` of the scope, or correct its name.',
  },
  FIELD_INVALID: {
    group: 'UsageError',
    meaning: '`@field` was given something that it cannot mean.',
    remedy: 'Correct what the message names.',
  },
  FORK_REFUSED: {
    group: 'UsageError',
    meaning: 'A run cannot be forked at that point.',
    remedy: 'Fork it from a point that the message names, or start another run.',
  },
  GATE_FAILED: {
    group: 'CommandFailure',
    meaning: 'A quality gate of severity `error` did not pass, and nobody overrode it.',
    remedy: 'See to the criterion, or let a person override the gate with `runner.override` while it waits.',
  },
  HOOK_MISSING: {
    group: 'UsageError',
    meaning: 'A command class does not have a hook that its base calls.',
    remedy: 'Write the hooks that the message names.',
  },
  HOOK_RESULT_INVALID: {
    group: 'UsageError',
    meaning: 'A hook returned something other than its contract says, or nothing.',
    remedy: 'Return what the message asks for.',
  },
  JOURNAL_ALTERED: {
    group: 'InvariantViolation',
    meaning: 'A record of the journal is not as it was written.',
    remedy: 'Restore a backup; find out what else writes to the file.',
  },
  JOURNAL_CORRUPT: {
    group: 'UsageError',
    meaning: 'The journal file is damaged.',
    remedy: 'Keep a copy, then restore a backup or name another file.',
  },
  JOURNAL_FOREIGN: {
    group: 'UsageError',
    meaning: 'The file named as journal is something else.',
    remedy: 'Name another file.',
  },
  JOURNAL_FULL: {
    group: 'TransientError',
    meaning: 'The disk has no room for the journal.',
    remedy: 'Make room; runs wait and go on by themselves.',
  },
  JOURNAL_IN_USE: {
    group: 'TransientError',
    meaning: 'A process with an older version of Sixfold uses the journal, which this version would have to migrate.',
    remedy: 'Wait for it to end, or name another file.',
  },
  JOURNAL_LOCKED: {
    group: 'TransientError',
    meaning: 'Another program holds a lock on the journal file.',
    remedy: 'Close it there, or name another file.',
  },
  JOURNAL_NOT_FOUND: {
    group: 'UsageError',
    meaning: 'The journal to read does not exist.',
    remedy: 'Start a run, or name the file that has it.',
  },
  JOURNAL_NOT_WRITABLE: {
    group: 'UsageError',
    meaning: 'The journal file cannot be opened or written.',
    remedy: 'Check its folder and permissions, or name another file.',
  },
  JOURNAL_TOO_NEW: {
    group: 'UsageError',
    meaning: 'The journal was written by a newer version.',
    remedy: 'Use that version, or a newer one.',
  },
  JOURNAL_UNWRITTEN: {
    group: 'TransientError',
    meaning: 'A journal was closed while it could not be written.',
    remedy: 'Free the lock or make room that its warnings name, and start again: the runs go on from their last commit.',
  },
  JOURNAL_WRITE_FAILED: {
    group: 'InvariantViolation',
    meaning: 'A commit failed for a reason that waiting does not mend. Runs stop where the journal ends.',
    remedy: 'Read the cause; resume the runs when it is mended.',
  },
  KEY_REUSED: {
    group: 'UsageError',
    meaning: 'An idempotency key was used again with other params.',
    remedy: 'Use another key, or the same params.',
  },
  LEASE_LOST: {
    group: 'TransientError',
    meaning: 'Other processes took this one for dead and go on with its runs.',
    remedy: 'Nothing for the runs. If it happens often, give `embeddedEngine` a longer `leaseMs`, or keep the event loop free.',
  },
  NOTHING_ANALYSED: {
    group: 'CommandFailure',
    meaning: 'None of the chosen analysers could look at the tree.',
    remedy: 'Mend what the reasons name, or choose other analysers.',
  },
  NOT_AUTHORIZED: {
    group: 'CommandFailure',
    meaning: 'The authorizer refused the principal of the run. Nothing was done.',
    remedy: 'Run it as somebody who may, or change what the authorizer allows.',
  },
  OUTCOME_UNKNOWN: {
    group: 'OutcomeUnknownError',
    meaning: 'An effect may or may not have happened: its reply was lost.',
    remedy: 'Look at the system before the operation is done again.',
  },
  OUTPUT_TOO_LARGE: {
    group: 'CommandFailure',
    meaning: 'A program printed more than its limit.',
    remedy: 'Narrow what it looks at, or raise the limit of the channel.',
  },
  OVERRIDE_INVALID: {
    group: 'UsageError',
    meaning: 'An override of a gate does not say who let it pass, or why.',
    remedy: 'Give `by` and `reason` as text.',
  },
  PARAMS_INVALID: {
    group: 'UsageError',
    meaning: 'The params break rules of their class; the message lists every one.',
    remedy: 'Correct the values.',
  },
  PARAMS_WITHOUT_RULES: {
    group: 'UsageError',
    meaning: 'A params class, or one nested in it, has a field that no class-validator rule checks.',
    remedy: 'Add what the message asks for, such as `@IsString()`.',
  },
  PHASE_TIMED_OUT: {
    group: 'TimeoutError',
    meaning: 'A phase took longer than `phaseTimeoutsMs` of the command allows.',
    remedy: 'Allow more, or find out from the steps what took so long.',
  },
  PROCESS_FAILED: {
    group: 'CommandFailure',
    meaning: 'A program ended with an exit code that is not among the accepted ones, or by a signal.',
    remedy: 'Read the end of its error output in the message.',
  },
  PROCESS_NOT_STARTED: {
    group: 'CommandFailure',
    meaning: 'A program could not be started.',
    remedy: 'Check that it is installed and executable; the message has the reason of the operating system.',
  },
  QUEUE_INVALID: {
    group: 'UsageError',
    meaning: 'The queue of a command has a limit, name, key or priority under which nothing could be ordered.',
    remedy: 'Correct what the message names.',
  },
  RECORD_NOT_WRITTEN: {
    group: 'UsageError',
    meaning: 'The file for the record of a run exists already, or cannot be written.',
    remedy: 'Name another file with `--out`, or replace it with `--force`.',
  },
  RECORD_UNKNOWN: {
    group: 'InvariantViolation',
    meaning: 'The journal holds a kind of record that this version does not know.',
    remedy: 'Use the version that wrote it, or a newer one.',
  },
  REPORT_NOT_WRITTEN: {
    group: 'CommandFailure',
    meaning: 'The folder for the report files could not be made or written.',
    remedy: 'Name another folder with `--out`, or mend what the message says.',
  },
  RESULT_INVALID: {
    group: 'UsageError',
    meaning: 'The result of a command breaks rules of its declared class; the message lists every one.',
    remedy: 'Return what the class declares, or correct its rules.',
  },
  RETENTION_INVALID: {
    group: 'UsageError',
    meaning: 'What is to be pruned from the journal was not said in a way that can be meant.',
    remedy: 'Give `endedBefore` as a valid `Date`, and `what` as `runs` or `bodies`.',
  },
  RETRY_INVALID: {
    group: 'UsageError',
    meaning: 'A retry policy has a number, or a list of errors, that is none.',
    remedy: 'Correct the field that the message names.',
  },
  RUN_CANCELLED: {
    group: 'CancelledError',
    meaning: 'The run was cancelled.',
    remedy: 'Nothing; start another run if it should be done after all.',
  },
  RUN_CHECKED: {
    group: 'CancelledError',
    meaning: 'A check of a run came to the place where it would go on.',
    remedy: 'Nothing; `runner.check` makes it a verdict.',
  },
  RUN_CONTINUES: {
    group: 'CancelledError',
    meaning: 'The run ended with `ctx.continueAs`; a successor goes on with it.',
    remedy: 'Nothing; return what `ctx.continueAs` gives and do nothing after it.',
  },
  RUN_DIVERGED: {
    group: 'UsageError',
    meaning: 'On replay the code asked for something else than the journal recorded.',
    remedy: 'Resume the run with the code that began it, or with a change that keeps its recorded steps.',
  },
  RUN_ENDED: {
    group: 'UsageError',
    meaning: 'Something was decided about a run that has ended.',
    remedy: 'Start another run.',
  },
  RUN_ERASED: {
    group: 'UsageError',
    meaning: 'The values of the run were erased by `prune`.',
    remedy: 'Nothing; what it did can still be listed and its chain checked.',
  },
  RUN_HANDED_BACK: {
    group: 'TransientError',
    meaning: 'The engine closed before the run ended.',
    remedy: 'Resume the run.',
  },
  RUN_NOT_FOUND: {
    group: 'UsageError',
    meaning: 'No run has that id, or several begin with it.',
    remedy: 'Take the id from `sixfold runs list`.',
  },
  RUN_NOT_REOPENED: {
    group: 'UsageError',
    meaning: 'Only a failed run whose effects were not undone, and whose time has not passed, can be gone on with after its end.',
    remedy: 'Start another run, or fork it.',
  },
  SCAFFOLD_NOT_WRITTEN: {
    group: 'UsageError',
    meaning: 'The files of a new command exist already, or cannot be written.',
    remedy: 'Choose another name or `--folder`.',
  },
  SECRET_NOT_FOUND: {
    group: 'UsageError',
    meaning: 'A reference to a secret names no provider, or nothing that the provider has.',
    remedy: 'Set the secret where its provider looks, or correct the reference.',
  },
  SECRET_TOO_SHORT: {
    group: 'UsageError',
    meaning: 'A secret is too short to be kept out of logs by its value.',
    remedy: 'Use a longer one.',
  },
  SIGNAL_INVALID: {
    group: 'UsageError',
    meaning: 'The value of a signal is no object, or breaks rules of the class that `ctx.waitFor` expects; the message lists every one.',
    remedy: 'Send a value that keeps the rules.',
  },
  SIGNAL_TIMED_OUT: {
    group: 'TimeoutError',
    meaning: 'No signal of that name came within the time that `ctx.waitFor` allows.',
    remedy: 'Send it earlier, or allow more time.',
  },
  SIXFOLD_LOADED_TWICE: {
    group: 'UsageError',
    meaning: '`sixfoldModule` was loaded twice into one container.',
    remedy: 'Load it once, with all commands.',
  },
  SIXFOLD_NOT_LOADED: {
    group: 'UsageError',
    meaning: '`startSixfold` was given a container without `sixfoldModule`.',
    remedy: 'Load the module into that container first.',
  },
  SOURCE_TREE_TOO_LARGE: {
    group: 'CommandFailure',
    meaning: 'The folder to analyse has more source files than the limit.',
    remedy: 'Analyse a folder inside it, or let git ignore what is not source.',
  },
  SOURCE_TREE_UNREADABLE: {
    group: 'CommandFailure',
    meaning: 'The folder to analyse does not exist, is not a folder or may not be read.',
    remedy: 'Correct the path or the rights.',
  },
  SQLITE_UNSAFE: {
    group: 'UsageError',
    meaning: 'This Node.js has a version of SQLite that can damage a journal.',
    remedy: 'Use a newer Node.js.',
  },
  STEP_IN_STEP: {
    group: 'UsageError',
    meaning: 'A step was asked for inside the body of another one.',
    remedy: 'Call steps one after the other, or side by side, from the hook.',
  },
  STEP_NOT_DONE: {
    group: 'TransientError',
    meaning: 'The reply to a step was lost, and its probe says that it did not happen.',
    remedy: 'Wait and try again, or give the step a retry policy with more attempts.',
  },
  STEP_TIMED_OUT: {
    group: 'TimeoutError',
    meaning: 'A step did not end within its time.',
    remedy: 'Raise `timeoutMs`, or find out why it is slow.',
  },
  UNDO_FAILED: {
    group: 'UsageError',
    meaning: 'An undo failed as often as it may be tried; what it undoes is still there.',
    remedy: 'Mend the system that the message names, then resume the run.',
  },
  VALUE_NOT_CARRIED: {
    group: 'UsageError',
    meaning: 'A value cannot be kept in the journal; the message names the path.',
    remedy: 'Return plain data, or declare the class of the value.',
  },
  WORK_NOT_JOURNALED: {
    group: 'UsageError',
    meaning: 'A hook waited for something that the journal does not know, so it could not be replayed.',
    remedy: 'Put it in `ctx.step` or in an operation.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
