import type { RunSummary } from '../../engine/Engine.js';

/** What the journal has of a run, with params and principal as values. */
export type RunRecord<T extends RunSummary> = Omit<T, 'params' | 'principal'> & { readonly params: unknown; readonly principal: unknown };
