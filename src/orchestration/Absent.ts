/** What an operation of an optional system gives when the system is not there or did not do it. */
export class Absent {
  constructor(
    readonly system: string,
    readonly reason: string,
  ) {}
}
