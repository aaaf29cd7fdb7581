/** What happens to runs whose engine closes: they are left to be resumed. */
import { messageOf, SixfoldError, TransientError } from '../kernel/errors.js';

export function handedBack(runId: string): TransientError {
  return new TransientError('RUN_HANDED_BACK', `Run ${runId} was not finished when its engine closed. Resume it.`, {
    details: { run: runId },
  });
}

/** What a run is left with whose child came to no end on this load: its engine closed, or its code diverged. */
export function leftWithChild(parent: string, cause: unknown): TransientError {
  return new TransientError('RUN_HANDED_BACK', `Run ${parent} waits for a child that came to no end here: ${messageOf(cause)} Resume it.`, {
    cause,
    details: { run: parent },
  });
}

/** What somebody gets who waits for a run that cannot go on by itself. */
export function standsStill(runId: string, why: string): TransientError {
  return new TransientError('RUN_HANDED_BACK', `Run ${runId} stands still: ${why} When that is mended, resume it.`, {
    details: { run: runId },
  });
}

/** It is that run that is left to be resumed. */
export function isHandBackOf(runId: string, reason: unknown): boolean {
  return reason instanceof SixfoldError && isHandBack(reason) && reason.details.run === runId;
}

export function isHandBack(reason: unknown): boolean {
  return reason instanceof SixfoldError && reason.code === 'RUN_HANDED_BACK';
}
