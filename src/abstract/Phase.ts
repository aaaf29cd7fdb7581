/** The six phases of every run, in order. */
export const PHASES = ['planning', 'validation', 'setup', 'execution', 'completion', 'cleanup'] as const;
export type Phase = (typeof PHASES)[number];

/** How long each phase may take, in milliseconds. Cleanup has the grace of the engine. */
export type PhaseTimeouts = Partial<Readonly<Record<Exclude<Phase, 'cleanup'>, number>>>;
