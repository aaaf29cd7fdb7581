/**
 * Names the asks of one run (R2): branch, name and digest of the input, and an ordinal among equals, taken at the call.
 *
 * Invariant: the ordinal advances only past a definite outcome. After an unknown one an equal call gets the same name,
 * and so the same idempotency key.
 */
export class Ordinals {
  /** By branch, so that those of a finished part can go. */
  private readonly next = new Map<string, Map<string, number>>();
  private readonly released = new Map<string, number[]>();

  /** The identity of an ask that is made now. */
  take(branch: string, name: string, inputDigest: string, key: string | undefined): string {
    const told = key === undefined ? inputDigest : `${inputDigest}:${key}`;
    const base = [encoded(branch), encoded(name), encoded(told)].join('/'); // In one piece, since it is kept: a template gives a tree of its parts.
    const again = this.takeReleased(base);
    if (again !== undefined) return identityOf(base, again);
    let next = this.next.get(branch);
    if (!next) {
      next = new Map();
      this.next.set(branch, next);
    }
    const ordinal = next.get(base) ?? 0;
    next.set(base, ordinal + 1);
    return identityOf(base, ordinal);
  }

  /** Nothing is asked for any more in a branch, and in those inside it. */
  forget(branch: string): void {
    for (const known of this.next.keys()) if (known === branch || known.startsWith(`${branch}.`)) this.next.delete(known);
  }

  private takeReleased(base: string): number | undefined {
    if (this.released.size === 0) return undefined;
    const waiting = this.released.get(base);
    const ordinal = waiting?.shift();
    if (waiting?.length === 0) this.released.delete(base);
    return ordinal;
  }

  /** Gives an ordinal back: its outcome is unknown. */
  release(identity: string): void {
    const { base, ordinal } = splitIdentity(identity);
    const waiting = this.released.get(base) ?? [];
    waiting.push(ordinal);
    this.released.set(
      base,
      waiting.sort((one, other) => one - other),
    );
  }
}

function identityOf(base: string, ordinal: number): string {
  return [base, ordinal].join('#');
}

/** What `encodeURIComponent` leaves as it is. */
const PLAIN = /^[\w.~!*'()-]*$/;

function encoded(text: string): string {
  return PLAIN.test(text) ? text : encodeURIComponent(text);
}

/** What equal calls have in common, and the number of one among them. */
export function splitIdentity(identity: string): { readonly base: string; readonly ordinal: number } {
  const at = identity.lastIndexOf('#');
  return { base: identity.slice(0, at), ordinal: Number(identity.slice(at + 1)) };
}

/** Identity without input and ordinal: what an edited call keeps. */
export function placeOf(identity: string): string {
  return identity.split('/').slice(0, 2).join('/');
}

export function branchOf(identity: string): string {
  return decodeURIComponent(identity.slice(0, identity.indexOf('/')));
}

/** A branch is a phase, or a part of one. */
export function phaseOf(branch: string): string {
  const dot = branch.indexOf('.');
  return dot < 0 ? branch : branch.slice(0, dot);
}
