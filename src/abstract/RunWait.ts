/** What an open run stands still for. */
export interface RunWait {
  /** `retry` is a step between two attempts; `queue` the limits of its command; `person` somebody who must look at the run. */
  readonly what: 'timer' | 'signal' | 'gate' | 'child' | 'retry' | 'queue' | 'person';
  /** The signal, gate, step or child command; for a person why. */
  readonly name: string;
  /** When it ends by itself, in milliseconds since the epoch. */
  readonly until?: number;
  /** Id of the child. */
  readonly run?: string;
}
