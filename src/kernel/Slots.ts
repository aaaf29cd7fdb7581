/** A member knows its slot. */
export interface Slotted {
  /** -1 while it is in none. */
  slot: number;
}

/**
 * Members that come and go often. A Map or Set would do, but each time its table is made anew the old one keeps the members
 * of that moment alive until the next full collection, which costs short runs more than all else they do.
 */
export class Slots<T extends Slotted> {
  private readonly members: (T | undefined)[] = [];
  private readonly free: number[] = [];

  add(member: T): void {
    member.slot = this.free.pop() ?? this.members.length;
    this.members[member.slot] = member;
  }

  /** Does nothing for one that is no member. */
  remove(member: T): void {
    if (this.members[member.slot] !== member) return;
    this.members[member.slot] = undefined;
    this.free.push(member.slot);
    member.slot = -1;
  }

  find(matches: (member: T) => boolean): T | undefined {
    return this.members.find((member) => member !== undefined && matches(member));
  }

  get list(): readonly T[] {
    return this.members.filter((member) => member !== undefined);
  }
}
