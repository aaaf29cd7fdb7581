/** What the four services have in common: operations that are one transaction each, and the faults that can be planted around it. */
import type { FaultKind, FaultSwitches } from './FaultSwitches.js';
import type { Store } from './Store.js';

/** Fields of the path, the query and the body. Those of the operation are there; the databases refuse what is not. */
export interface Input {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly paymentId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly cents: number;
  readonly lines: readonly object[];
}

export interface Operation {
  /** `POST /reservations`; `{id}` in the path is a field of the input. */
  readonly route: string;
  /** The order that a request is about, at which a fault can be aimed. */
  orderOf(input: Input): string | undefined;
  /** Runs in a transaction. @returns the reply, undefined for none. @throws Refusal */
  perform(input: Input, key: string): unknown;
}

export interface ServiceSpec {
  readonly version: string;
  readonly schema: string;
  operations(store: Store): Readonly<Record<string, Operation>>;
}

/** A definite no: nothing was done. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Not now: nothing was done. */
export class Unavailable extends Error {
  constructor(
    readonly retryAfterS: number,
    message: string,
  ) {
    super(message);
  }
}

/** Who asks, over whichever protocol. */
export interface Caller {
  /** Idempotency key; empty where none was sent. */
  readonly key: string;
  /** Milliseconds since 1970 from which nobody waits for the reply. */
  readonly deadline: number | undefined;
  /** Aborts when the caller has gone. */
  readonly gone: AbortSignal;
  /** Breaks the connection. */
  cut(): void;
}

export class Service {
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(
    readonly spec: ServiceSpec,
    private readonly store: Store,
    readonly faults: FaultSwitches,
  ) {
    this.operations = spec.operations(store);
  }

  /** @throws Refusal, Unavailable, or any other error for a failure of its own */
  async perform(name: string, input: Input, caller: Caller): Promise<unknown> {
    const operation = this.operations[name];
    if (!operation) throw new Refusal(404, `there is no operation ${name}`);
    const fault = this.faults.take(name, operation.orderOf(input));
    if (fault) await before(fault.kind, fault.ms, caller);
    if (caller.deadline !== undefined && Date.now() > caller.deadline) throw new Unavailable(0, 'nobody waits for this any more');
    const reply = this.store.transaction(() => operation.perform(input, caller.key));
    if (fault?.kind === 'crash-after') crash();
    if (fault?.kind === 'reply-lost') caller.cut();
    return reply;
  }
}

async function before(kind: FaultKind, ms: number, { gone }: Caller): Promise<void> {
  if (kind === 'refuse') throw new Refusal(409, 'refused by a fault switch');
  if (kind === 'unavailable') throw new Unavailable(Math.round(ms / 1000), 'unavailable by a fault switch');
  if (kind === 'error') throw new Error('failed by a fault switch');
  if (kind === 'crash-before') crash();
  if (kind === 'slow') await new Promise((resolve) => setTimeout(resolve, ms));
  if (kind === 'hang')
    await new Promise((_resolve, reject) => gone.addEventListener('abort', () => reject(new Error('the caller has gone'))));
}

/** As `kill -9` would end it. */
function crash(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // The signal comes within a moment.
}
