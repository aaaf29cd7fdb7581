/**
 * Where a walk through a value is, and what stood in its way.
 *
 * Owns: the bounds. Invariant: no violation shows a value.
 */
import { pathTo, unknownProperty, type Violation } from './violations.js';

/** Levels of lists and objects inside each other. */
const DEPTH_MAX = 100;
/** Lists and objects of one value; one that stands there several times counts as often. */
const PARTS_MAX = 100_000;

export class Trail {
  readonly violations: Violation[] = [];
  /** Paths of values of which nothing was made, so that what the rules say of them is no news. */
  readonly unread: string[] = [];
  /** The objects around the present one, and the way to it. */
  private readonly around: object[];
  private readonly way: (string | number)[] = [];
  private parts = 1;

  constructor(root: object) {
    this.around = [root];
  }

  /** True when the walk was given up, because there was too much. */
  get isCutShort(): boolean {
    return this.parts > PARTS_MAX;
  }

  /** What a step into an object makes of it; undefined, with a violation, where it leads in a circle or too far. */
  within<T>(value: object, step: () => T): T | undefined {
    if (this.around.includes(value)) return this.refuse('contains itself');
    if (this.around.length >= DEPTH_MAX) return this.refuse(`is nested more than ${DEPTH_MAX} levels deep`);
    this.parts += 1;
    if (this.isCutShort) return this.parts === PARTS_MAX + 1 ? this.refuse(`holds more than ${PARTS_MAX} lists and objects`) : undefined;
    this.around.push(value);
    const made = step();
    this.around.pop();
    return made;
  }

  /** What a step to a key of the present object makes of what is there. */
  at<T>(key: string | number, step: () => T): T {
    this.way.push(key);
    const made = step();
    this.way.pop();
    return made;
  }

  /** The present value cannot be read. */
  refuse(message: string): undefined {
    const path = this.path();
    this.violations.push({ path, message });
    this.unread.push(path);
  }

  /** The present object cannot have that key. */
  refuseKey(key: string): void {
    this.violations.push(unknownProperty(pathTo(this.path(), key), key));
  }

  private path(): string {
    return this.way.reduce<string>(pathTo, '');
  }
}
