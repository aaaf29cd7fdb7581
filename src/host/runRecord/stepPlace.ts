/** What the identity of a step says: phase, part, name, key and number among equals. */
import { branchOf, phaseOf } from '../../engine/run/Ordinals.js';

export interface StepPlace {
  readonly phase: string;
  /** `shipment 2 / box`; `undo` for what undoes. */
  readonly part: string | null;
  /** The parts as they are in the identity. */
  readonly parts: readonly string[];
  /** As the code gave it; empty where it gave none. */
  readonly key: string;
}

/** @param identity `branch/name/digest:key#ordinal`, each part encoded for a URL */
export function placeOfStep(identity: string): StepPlace {
  const branch = branchOf(identity);
  const parts = branch.split('.').slice(1);
  return { phase: phaseOf(branch), part: parts.length === 0 ? null : parts.map(partText).join(' / '), parts, key: keyIn(identity) };
}

/** The name in an identity. */
export function nameOfStep(identity: string): string {
  return decodeURIComponent(identity.split('/')[1] ?? '');
}

/** Parts of one name are numbered from 0, as in `shipment~1`. */
function partText(part: string): string {
  const at = part.lastIndexOf('~');
  if (at < 0) return part;
  const name = decodeURIComponent(part.slice(0, at));
  return part.endsWith('~0') ? name : `${name} ${Number(part.slice(at + 1)) + 1}`;
}

function keyIn(identity: string): string {
  const [, , input = ''] = identity.slice(0, identity.lastIndexOf('#')).split('/');
  const text = decodeURIComponent(input);
  const colon = text.indexOf(':');
  return colon < 0 ? '' : text.slice(colon + 1);
}
