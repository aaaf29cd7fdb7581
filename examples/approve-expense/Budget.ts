/** Stands for a service with a state of its own: what is held is kept by key, so that asking twice holds once. */
export class Budget {
  private readonly held = new Map<string, number>();
  private busy = 1;

  constructor(private left: number) {}

  get available(): number {
    return this.left;
  }

  async hold(amount: number, key: string): Promise<string> {
    if (this.busy > 0) {
      this.busy -= 1;
      throw new Busy();
    }
    if (!this.held.has(key)) {
      this.held.set(key, amount);
      this.left -= amount;
    }
    return key;
  }

  /** What was held is paid: it cannot be released any more. */
  async pay(key: string, what: string): Promise<string> {
    const amount = this.held.get(key) ?? 0;
    this.held.set(key, 0);
    return `${amount} paid for ${what}`;
  }

  async release(key: string): Promise<void> {
    this.left += this.held.get(key) ?? 0;
    this.held.delete(key);
  }
}

/** Says nothing about the order, only about now. */
export class Busy extends Error {
  constructor() {
    super('The budget service is busy.');
  }
}
