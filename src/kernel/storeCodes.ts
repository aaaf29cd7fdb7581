/** The codes of the stores that engines offer; part of the table in `codes.ts`. */
export const STORE_CODES = {
  FENCE_STALE: {
    group: 'CommandFailure',
    meaning: 'A token of a lock was presented that counts no more: its lease is over, or the lock was given up.',
    remedy: 'Stop what the lock was for; acquire it anew, and read again what it protects.',
  },
  STATE_CONFLICT: {
    group: 'CommandFailure',
    meaning: 'An entry of a state store was to be changed as it was in one version, and has another.',
    remedy: 'Read it again, and decide anew; `details.found` is the version that it has, 0 when there is none.',
  },
  STORE_INPUT_INVALID: {
    group: 'UsageError',
    meaning: 'A store was given a name, value, number or time outside its bounds.',
    remedy: 'Correct what the message names; it says the bound.',
  },
  TOPIC_TRUNCATED: {
    group: 'CommandFailure',
    meaning: 'A topic was to be read from an offset whose entries were removed.',
    remedy: 'Read from `details.first`, and make up for what is missing before it.',
  },
} as const;
