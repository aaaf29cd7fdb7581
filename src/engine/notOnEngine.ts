import { UsageError } from '../kernel/errors.js';

/** What an engine does not offer. @param why and what to do instead, a sentence without its full stop */
export function notOnEngine(engine: string, what: string, why: string): UsageError {
  return new UsageError('NOT_ON_ENGINE', `There is no ${what} on the engine "${engine}": ${why}.`, { details: { engine, what } });
}
