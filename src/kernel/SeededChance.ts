import { hash } from 'node:crypto';

/**
 * Random values that a run can repeat: the n-th draw from a seed is always the same, so they need no record.
 * Not for secrets: whoever reads the seed in the journal knows all of them.
 */
export class SeededChance {
  private draws = 0;

  constructor(private readonly seed: string) {}

  /** In [0, 1), with 48 random bits. */
  random(): number {
    return Number.parseInt(this.draw().slice(0, 12), 16) / 2 ** 48;
  }

  /** Version 4, variant 1 of RFC 9562. */
  uuid(): string {
    const hex = this.draw();
    const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  private draw(): string {
    this.draws += 1;
    return hash('sha256', `${this.seed}:${this.draws}`, 'hex');
  }
}
