/** The six phases of every run, in order. */
export const PHASES = ['planning', 'validation', 'setup', 'execution', 'completion', 'cleanup'] as const;
export type Phase = (typeof PHASES)[number];
