/** What the journal keeps of a run's end. */
import type { Carried } from '../../kernel/codec/Carried.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { messageOf } from '../../kernel/errors.js';
import type { Logger } from '../../kernel/Logger.js';
import type { Program } from '../Engine.js';
import type { EndStatus } from '../Record.js';

export type RunEnding =
  | { readonly status: 'completed'; readonly result: unknown }
  | { readonly status: 'continued' }
  | { readonly status: Exclude<EndStatus, 'completed' | 'continued'>; readonly error: unknown };

export interface Verdict {
  readonly status: EndStatus;
  readonly result: Carried | undefined;
  readonly error: string | undefined;
  readonly report: () => string;
  /** The error's message. */
  readonly reason: string | undefined;
}

export interface VerdictParts {
  readonly codec: Codec;
  readonly program: Program;
  readonly logger: Logger;
}

/** What a report says that says nothing. */
const NO_REPORT = { degraded: [], findings: [], timeline: [], steps: [] };

/** A run whose result or report cannot be kept has failed. */
export function verdictOf(ending: RunEnding, parts: VerdictParts): Verdict {
  const { program } = parts;
  if (ending.status === 'continued')
    return { status: 'continued', result: undefined, error: undefined, report: program.report(), reason: undefined };
  if (ending.status !== 'completed') return failedVerdict(ending.status, ending.error, parts);
  try {
    return {
      status: 'completed',
      result: program.carryResult(ending.result),
      error: undefined,
      report: program.report(),
      reason: undefined,
    };
  } catch (error) {
    return failedVerdict('failed', error, parts);
  }
}

function failedVerdict(status: EndStatus, error: unknown, { codec, program, logger }: VerdictParts): Verdict {
  const kept = { status, result: undefined, error: codec.encodeError(error), reason: messageOf(error) };
  try {
    return { ...kept, report: program.report() };
  } catch (reportError) {
    logger.error(`The report of a run cannot be kept: ${messageOf(reportError)}`);
    return { ...kept, report: () => JSON.stringify(NO_REPORT) };
  }
}
