/**
 * Names the asks of one run (R2): branch, name and digest of the input, and an ordinal among equals, taken at the call.
 *
 * Invariant: the ordinal advances only past a definite outcome. After an unknown one an equal call gets the same name,
 * and so the same idempotency key.
 */
export class Ordinals {
  private readonly next = new Map<string, number>();
  private readonly released = new Map<string, number[]>();

  /** The identity of an ask that is made now. */
  take(branch: string, name: string, inputDigest: string, key: string | undefined): string {
    const base = [branch, name, key === undefined ? inputDigest : `${inputDigest}:${key}`].map(encodeURIComponent).join('/');
    const again = this.released.get(base)?.shift();
    if (again !== undefined) return `${base}#${again}`;
    const ordinal = this.next.get(base) ?? 0;
    this.next.set(base, ordinal + 1);
    return `${base}#${ordinal}`;
  }

  /** Gives an ordinal back: its outcome is unknown. */
  release(identity: string): void {
    const at = identity.lastIndexOf('#');
    const base = identity.slice(0, at);
    const waiting = this.released.get(base) ?? [];
    waiting.push(Number(identity.slice(at + 1)));
    this.released.set(
      base,
      waiting.sort((one, other) => one - other),
    );
  }
}

/** Identity without input and ordinal: what an edited call keeps. */
export function placeOf(identity: string): string {
  return identity.split('/').slice(0, 2).join('/');
}

export function branchOf(identity: string): string {
  return decodeURIComponent(identity.slice(0, identity.indexOf('/')));
}
