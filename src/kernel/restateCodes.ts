/** The codes of the Restate engine; part of the table in `codes.ts`. */
export const RESTATE_CODES = {
  ENGINE_INVALID: {
    group: 'UsageError',
    meaning: 'An option of an engine means nothing.',
    remedy: 'Correct the option that the message names.',
  },
  NOT_ON_ENGINE: {
    group: 'UsageError',
    meaning: 'The engine does not offer what was asked of it; `docs/scaling.md` has a table.',
    remedy: 'Do what the message says instead.',
  },
  RESTATE_NOT_INSTALLED: {
    group: 'UsageError',
    meaning: 'A worker of the Restate engine was started without the SDK of Restate.',
    remedy: 'Run `npm install @restatedev/restate-sdk`.',
  },
  RESTATE_REFUSED: {
    group: 'UsageError',
    meaning: 'Restate understood a request and refused it, such as one for a command of which it knows no worker.',
    remedy: 'Start a worker that has the command, and look at what the message says.',
  },
  RESTATE_UNREACHABLE: {
    group: 'TransientError',
    meaning: 'Restate did not take a request in the time that requests have.',
    remedy: 'Ask again with the same key: a run is begun once for its key.',
  },
  WORKER_NOT_STARTED: {
    group: 'UsageError',
    meaning: 'A worker cannot listen, or was not told whose requests it may take.',
    remedy: 'Give a free port, and the public keys of the cluster in `identityKeys`.',
  },
} as const;
