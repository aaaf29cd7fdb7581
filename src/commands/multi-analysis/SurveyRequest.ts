/** Which folder to look at. Paths are absolute, or relative to the working directory of the process. */
export class SurveyRequest {
  readonly root!: string;
  /** Folders inside it that are left out, such as the one that the report is written to. */
  readonly exclude?: readonly string[];
}
