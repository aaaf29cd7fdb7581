/** A system of a shop whose behaviour a test can change, and sagas over it that are written as a function. */
import { IsInt, IsString } from 'class-validator';
import {
  type Call,
  type Class,
  type CompensationSpec,
  type Constraints,
  command,
  type Interactions,
  operation,
  SagaCommand,
  System,
  scope,
} from '../../src/index.js';
import { NoParams } from './application.js';

export class Item {
  @IsString()
  sku!: string;
}

export class Held {
  @IsString()
  id!: string;

  @IsInt()
  left!: number;
}

export class ById {
  @IsString()
  id!: string;
}

export class ByKey {
  @IsString()
  key!: string;
}

type Work = (what: string, call: Call) => unknown;

/** Once settings for tests that wait for nothing. */
const AT_ONCE = { attemptsMax: 3, backoffMs: 0 } as const;

export class Shop extends System {
  /** What it was told, in order. */
  readonly told: string[] = [];
  readonly keys = new Map<string, Set<string>>();
  /** What it does beyond telling; what that gives is the reply. */
  work: Work = () => undefined;
  found: (what: string, call: Call) => unknown = () => undefined;

  private async tell(what: string, call: Call): Promise<unknown> {
    this.told.push(what);
    this.keys.set(what, (this.keys.get(what) ?? new Set()).add(call.key));
    return this.work(what, call);
  }

  /** Undone with its output. */
  @operation({ input: Item, output: Held, undo: 'release', policy: { retry: AT_ONCE } })
  async reserve({ sku }: Item, call: Call): Promise<Held> {
    return ((await this.tell(`reserve ${sku}`, call)) as Held | undefined) ?? { id: `R-${sku}`, left: 1 };
  }

  @operation({ input: Held, policy: { retry: AT_ONCE } })
  async release({ id }: Held, call: Call): Promise<void> {
    await this.tell(`release ${id}`, call);
  }

  /** Undone with what `from` makes. */
  @operation({
    input: Item,
    output: Held,
    undo: { operation: 'drop', from: ({ input, output, key }) => ({ id: `${input.sku} ${output.id} ${key.length > 0}` }) },
  })
  async book({ sku }: Item, call: Call): Promise<Held> {
    return ((await this.tell(`book ${sku}`, call)) as Held | undefined) ?? { id: `B-${sku}`, left: 1 };
  }

  @operation({ input: ById })
  async drop({ id }: ById, call: Call): Promise<void> {
    await this.tell(`drop ${id}`, call);
  }

  /** Undone by its key. */
  @operation({ input: Item, undo: { operation: 'revoke', byKey: ({ key }) => ({ key }) } })
  async grant({ sku }: Item, call: Call): Promise<void> {
    await this.tell(`grant ${sku}`, call);
  }

  @operation({ input: ByKey, policy: { retry: AT_ONCE } })
  async revoke({ key }: ByKey, call: Call): Promise<void> {
    await this.tell(`revoke ${key.slice(key.indexOf('/') + 1)}`, call);
  }

  /** Done once, with a probe. */
  @operation({ input: Item, output: Held, effect: 'once', probe: 'whatBecameOf', undo: 'refund', policy: { timeoutMs: 1000 } })
  async charge({ sku }: Item, call: Call): Promise<Held> {
    return ((await this.tell(`charge ${sku}`, call)) as Held | undefined) ?? { id: `P-${sku}`, left: 0 };
  }

  async whatBecameOf({ sku }: Item, call: Call): Promise<Held | undefined> {
    this.told.push(`probe ${sku}`);
    return (await this.found(sku, call)) as Held | undefined;
  }

  @operation({ input: Held })
  async refund({ id }: Held, call: Call): Promise<void> {
    await this.tell(`refund ${id}`, call);
  }

  /** Done once; nobody can say what became of it. */
  @operation({ input: Item, output: Held, effect: 'once' })
  async mail({ sku }: Item, call: Call): Promise<Held> {
    return ((await this.tell(`mail ${sku}`, call)) as Held | undefined) ?? { id: `M-${sku}`, left: 0 };
  }

  @operation({ input: Item, output: Held, effect: 'read', fallback: 'guess' })
  async look({ sku }: Item, call: Call): Promise<Held> {
    return ((await this.tell(`look ${sku}`, call)) as Held | undefined) ?? { id: sku, left: 7 };
  }

  @operation({ input: Item, output: Held, effect: 'read' })
  async guess({ sku }: Item, call: Call): Promise<Held> {
    return ((await this.tell(`guess ${sku}`, call)) as Held | undefined) ?? { id: sku, left: -1 };
  }
}

export interface SagaSettings {
  readonly pivot?: 'shop.charge' | 'shop.mail' | 'shop.reserve';
  readonly compensation?: CompensationSpec;
  readonly constraints?: Constraints;
  readonly optional?: Shop;
  readonly versions?: { readonly shop?: string };
}

type Body<R> = (interactions: Interactions<Saga<R>>) => Promise<R>;

export abstract class Saga<R> extends SagaCommand<NoParams, R> {
  protected abstract readonly shop: Shop;
  protected abstract readonly settings: SagaSettings;

  defineOrchestrationScope() {
    const { optional, ...settings } = this.settings;
    return scope({ systems: { shop: this.shop }, optional: { spare: optional ?? this.shop }, ...settings });
  }
}

/** A saga over one shop. */
export function sagaOf<R>(shop: Shop, body: Body<R>, settings: SagaSettings = {}): Class<Saga<R>> {
  @command({ name: 'saga', params: NoParams })
  class Written extends Saga<R> {
    protected readonly shop = shop;
    protected readonly settings = settings;

    coordinateSystemInteractions(interactions: Interactions<this>): Promise<R> {
      return body(interactions as unknown as Interactions<Saga<R>>); // The same, but for the class that `this` is here.
    }
  }
  return Written;
}
