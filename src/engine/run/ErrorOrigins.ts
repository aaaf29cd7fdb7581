/** Which errors that the code was handed came from which steps. */

/** Errors beyond this are not looked at. */
const ERRORS_MAX = 1000;

export class ErrorOrigins {
  private readonly identities = new WeakMap<object, string>();

  note(error: unknown, identity: string): void {
    if (isObject(error)) this.identities.set(error, identity);
  }

  /** Identities of the steps that an error came from: its own, those of its causes and of what it sums up. */
  of(error: unknown): readonly string[] {
    const found = new Set<string>();
    const looked = new Set<unknown>([error]);
    for (const present of looked) {
      if (!isObject(present)) continue;
      const identity = this.identities.get(present);
      if (identity !== undefined) found.add(identity);
      const { cause, errors } = present as { readonly cause?: unknown; readonly errors?: unknown };
      for (const under of [cause, ...(Array.isArray(errors) ? errors : [])]) if (looked.size < ERRORS_MAX) looked.add(under);
    }
    return [...found];
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
