/** What the journal tells of the runs before this one. */
export interface EarlierRuns {
  /** Share of the attempts to reach each system, by its name in the scope, that were answered; without those that nobody has called. */
  availability(): Promise<Readonly<Record<string, number>>>;
}
