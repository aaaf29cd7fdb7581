/** Which operation of which system, for messages and details of errors. */
export interface OperationName {
  readonly system: string;
  readonly operation: string;
}
