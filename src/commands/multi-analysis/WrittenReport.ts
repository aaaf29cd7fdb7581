export class WrittenReport {
  /** Absolute paths of `report.html`, `report.sarif` and `report.json`. */
  readonly files!: readonly string[];
}
