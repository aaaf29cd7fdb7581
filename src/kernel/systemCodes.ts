/** Error codes of systems, channels, policies, sagas, plans and graphs: a part of the table in `codes.ts`. */
export const SYSTEM_CODES = {
  BREAKER_OPEN: {
    group: 'TransientError',
    meaning: 'An operation failed so often that it is not called for a while.',
    remedy: 'Wait until the time in the message, or mend the system; a retry policy waits by itself.',
  },
  BULKHEAD_FULL: {
    group: 'TransientError',
    meaning: 'As many calls of an operation are under way and waiting as its policy allows.',
    remedy: 'Wait, or allow more in `policy.bulkhead`.',
  },
  CHANNEL_INVALID: {
    group: 'UsageError',
    meaning: 'A channel was given settings that mean nothing, or no way for an operation.',
    remedy: 'Correct what the message names.',
  },
  CHANNEL_MISSING: {
    group: 'UsageError',
    meaning: 'A system declares an operation without a body, and has no channel that could be asked for it.',
    remedy: 'Give the system a `channel`; a subclass is given an injected one by `@injectFromBase({ extendProperties: true })`.',
  },
  CHANNEL_UNREACHABLE: {
    group: 'TransientError',
    meaning: 'A request was not sent: nobody could be reached at the address of a channel.',
    remedy: 'Start the service, or correct its address; a retry policy waits by itself.',
  },
  CONSTRAINT_BROKEN: {
    group: 'CommandFailure',
    meaning: 'A run did not keep a constraint that its scope declares to be an error.',
    remedy: 'Look at the timings in the record of the run; make the systems faster, or the constraint wider.',
  },
  CONTRACT_NOT_READ: {
    group: 'UsageError',
    meaning: 'A file that was given as a plan or contract to compare with cannot be read, or is none.',
    remedy: 'Give a file that `sixfold plan --format json` wrote.',
  },
  GRAPH_INVALID: {
    group: 'UsageError',
    meaning: 'A graph of interactions names something that is not there, or its mapping gives nothing.',
    remedy: 'Correct what the message names; `sixfold plan` shows the graph.',
  },
  INPUT_INVALID: {
    group: 'UsageError',
    meaning: 'An operation was called with an input that breaks the rules of its class; nothing was sent.',
    remedy: 'Correct the fields that the message names.',
  },
  JOIN_NOT_MET: {
    group: 'CommandFailure',
    meaning: 'So many of the parts that were joined failed that the number which is needed cannot be reached.',
    remedy: 'Look at the errors of the parts, in `details.reasons`.',
  },
  JOIN_TIMED_OUT: {
    group: 'TimeoutError',
    meaning: 'The parts that were joined, or that meet at a barrier, did not come in time.',
    remedy: 'Wait longer, or look at what held the missing ones up.',
  },
  OPERATION_BYPASSES_JOURNAL: {
    group: 'UsageError',
    meaning: 'A hook called an operation on the system itself, where the journal does not see it.',
    remedy: 'Call it through the `systems` parameter of the hook.',
  },
  OPERATION_INVALID: {
    group: 'UsageError',
    meaning: 'An operation is hidden by a field of its name, or has a body and a `via` as well.',
    remedy: 'Write `declare` before a property that stands for an operation; leave `via` out where there is a body.',
  },
  OPERATION_UNKNOWN: {
    group: 'UsageError',
    meaning: 'A hook called an operation that the system does not declare.',
    remedy: 'Correct the name, or declare the method with `@operation`.',
  },
  PACKAGE_MISSING: {
    group: 'UsageError',
    meaning: 'Something was used that needs a package which is not installed.',
    remedy: 'Install it with the command in the message.',
  },
  PLAN_INFEASIBLE: {
    group: 'CommandFailure',
    meaning: 'The orchestration cannot be carried out; the message lists every reason.',
    remedy: 'Mend what the reasons name.',
  },
  POLICY_INVALID: {
    group: 'UsageError',
    meaning: 'The policy of an operation has numbers that mean nothing, or parts that exclude each other.',
    remedy: 'Correct what the message names.',
  },
  REPLY_INVALID: {
    group: 'CommandFailure',
    meaning: 'The reply of an operation that changes nothing breaks the rules of its class.',
    remedy: 'Compare the contract with the version that the system runs; the reply stands in the record of the run.',
  },
  REPLY_LOST: {
    group: 'OutcomeUnknownError',
    meaning: 'A request was sent, and there is no reply that says what became of it.',
    remedy: 'The run settles it; else look at the system, and say what happened with `sixfold runs settle`.',
  },
  SCOPE_INVALID: {
    group: 'UsageError',
    meaning: '`defineOrchestrationScope` returned something that is no scope.',
    remedy: 'Return `scope({ systems: { … } })`.',
  },
  SETTLE_REFUSED: {
    group: 'UsageError',
    meaning: 'A step whose outcome nobody doubts, or of a run that does not wait for that, was to be settled by a person.',
    remedy: 'Look at what is unknown with `sixfold runs show`.',
  },
  STATE_INCONSISTENT: {
    group: 'CommandFailure',
    meaning: 'The systems do not agree after the interactions; the message lists the findings.',
    remedy: 'Bring the systems into agreement; the findings name keys and values.',
  },
  STEP_SETTLED: {
    group: 'CommandFailure',
    meaning: 'The outcome of a step was unknown, and a person said that it did not happen.',
    remedy: 'Nothing; what the run did before is undone.',
  },
  STRATEGY_INVALID: {
    group: 'UsageError',
    meaning: 'A strategy was given a limit under which it could never do anything.',
    remedy: 'Correct the value in the message.',
  },
  SYSTEM_INVALID: {
    group: 'UsageError',
    meaning: 'A system declares an undo, probe, fallback or batch that it does not have.',
    remedy: 'Name a method of the system that is marked with `@operation`.',
  },
  SYSTEM_OVERLOADED: {
    group: 'TransientError',
    meaning: 'A system refused a request for now, and did nothing.',
    remedy: 'Wait as long as it asks for; a retry policy does so by itself.',
  },
  SYSTEM_REFUSED: {
    group: 'CommandFailure',
    meaning: 'A system said no to an operation, for a reason of its own.',
    remedy: 'Act on the message; the same request gets the same answer.',
  },
  SYSTEM_UNAVAILABLE: {
    group: 'CommandFailure',
    meaning: 'A system that the scope needs failed its health check.',
    remedy: 'Start it, or declare it optional.',
  },
  VERSION_MISMATCH: {
    group: 'CommandFailure',
    meaning: 'A system does not run a version that the scope can work with.',
    remedy: 'Deploy a version in the range that the message names, or widen the range.',
  },
} as const;
