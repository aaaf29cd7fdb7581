/**
 * A value in a tool's JSON together with where it stands, so that output of another shape than expected is refused with the
 * place and not with a stack trace.
 */
export class JsonValue {
  private constructor(
    private readonly value: unknown,
    private readonly path: string,
  ) {}

  /** Parses a tool's output; lines before the first that begins with a brace or bracket are taken for noise. */
  static parse(text: string): JsonValue {
    const start = /^[ \t]*[[{]/m.exec(text);
    if (!start) throw new Error('no JSON in it');
    return new JsonValue(JSON.parse(text.slice(start.index)), '$');
  }

  at(key: string): JsonValue {
    if (typeof this.value !== 'object' || this.value === null) throw this.unlike('an object');
    return new JsonValue((this.value as Readonly<Record<string, unknown>>)[key], `${this.path}.${key}`);
  }

  get isPresent(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get list(): readonly JsonValue[] {
    if (!Array.isArray(this.value)) throw this.unlike('a list');
    return this.value.map((value: unknown, index) => new JsonValue(value, `${this.path}[${index}]`));
  }

  /** The list, or an empty one where there is none. */
  get listOrNone(): readonly JsonValue[] {
    return this.isPresent ? this.list : [];
  }

  get text(): string {
    if (typeof this.value !== 'string') throw this.unlike('text');
    return this.value;
  }

  get textOrNone(): string | undefined {
    return this.isPresent ? this.text : undefined;
  }

  get integer(): number {
    if (!Number.isInteger(this.value)) throw this.unlike('an integer');
    return this.value as number;
  }

  /** A line number, or 1 where the tool names no line. */
  get line(): number {
    return this.isPresent ? Math.max(1, this.integer) : 1;
  }

  private unlike(what: string): Error {
    return new Error(`${this.path} is not ${what}`);
  }
}
