import type { CommandContext } from '../../abstract/CommandContext.js';
import type { Absent } from '../Absent.js';

/** Where something is coordinated: what `coordinateSystemInteractions` is given is such a place, and `{ ctx }` of any command. */
export interface CoordinationSite {
  readonly ctx: CommandContext;
  /** Puts on record, in `degraded` of the outcome, what the run did without. Without it that is not on record. */
  readonly degrade?: (absent: Absent) => void;
}
