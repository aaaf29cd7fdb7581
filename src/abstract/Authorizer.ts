/** Who asks for what. */
export interface AccessRequest {
  /** As the caller gave it in `ExecuteOptions.principal`; undefined when it gave none. */
  readonly principal: unknown;
  readonly command: string;
  readonly params: object;
  /** The run that asks, for a child. */
  readonly parent: string | undefined;
}

export type AccessVerdict = 'allowed' | { readonly refused: string };

/**
 * Says who may run what. Asked once for each run, children included, as the first step of its validation phase: before
 * anything has an effect. The verdict is in the journal, so a resumed run is not asked about again.
 */
export interface Authorizer {
  authorize(request: AccessRequest): AccessVerdict | Promise<AccessVerdict>;
}
