import { STORE_BOUNDS } from './checkedStores.js';

/** Entries of an answer, until there are as many as were asked for or the answer is large enough. */
export class Answer<T extends { readonly value: string }> {
  readonly entries: T[] = [];
  private characters = 0;

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.entries.length >= this.limit || this.characters >= STORE_BOUNDS.charactersInAll;
  }

  /** @returns whether there was room; the first always has */
  add(entry: T): boolean {
    if (this.full || (this.entries.length > 0 && this.characters + entry.value.length > STORE_BOUNDS.charactersInAll)) return false;
    this.entries.push(entry);
    this.characters += entry.value.length;
    return true;
  }
}
