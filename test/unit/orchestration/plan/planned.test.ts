/** What a plan says of a scope: operations with their limits and fields, order, interactions and what flows between them. */
import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsDate, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import { from, type InteractionGraph } from '../../../../src/orchestration/coordination/InteractionGraph.js';
import { layersOf } from '../../../../src/orchestration/plan/layers.js';
import { plannedFieldsOf } from '../../../../src/orchestration/plan/plannedFields.js';
import { worstMsOf } from '../../../../src/orchestration/plan/worstMs.js';
import { operationsOf } from '../../../../src/systems/operation.js';
import { inventory, made, mailer, Order, payments, planned, RESERVE, Reservation } from './shopScope.js';

class Refused extends Error {}

const systems = { inventory: inventory(), payments: payments(), mailer: mailer() };

/** Park and Miller's generator, so that a failure can be repeated. */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('the plan of a scope', () => {
  it('has of every system what it declares, and of every operation its role, its limits and its fields', () => {
    const { systems: shown } = planned({
      systems: {
        inventory: inventory({
          reserve: { ...RESERVE, version: '1.1.0', description: 'Sets goods aside.', fallback: 'borrow' },
          borrow: RESERVE,
        }),
      },
      versions: { inventory: '^1.0.0' },
    });
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatchObject({
      name: 'inventory',
      system: 'Inventory',
      version: '1.2.0',
      range: '^1.0.0',
      protocol: 'in-process',
      optional: false,
    });
    expect(shown[0]?.operations[0]).toEqual({
      name: 'reserve',
      effect: 'idempotent',
      undo: 'release',
      fallback: 'borrow',
      timeoutMs: 1000,
      attemptsMax: 1,
      worstMs: 2000,
      version: '1.1.0',
      description: 'Sets goods aside.',
      input: [
        { name: 'id', type: 'text', required: true },
        { name: 'note', type: 'text', required: false },
      ],
      output: [
        { name: 'id', type: 'text', required: true },
        { name: 'total', type: 'integer', required: true },
        { name: 'lines', type: 'Line[]', required: true },
        { name: 'lines[].sku', type: 'text', required: true },
        { name: 'lines[].quantity', type: 'integer', required: true },
      ],
    });
  });

  it('has pivot, compensation, constraints and events', () => {
    const compensation = { on: [Refused], order: 'parallel' } as const;
    const constraints = { latencyMsMax: 60_000, severity: 'error' } as const;
    const plan = planned({ systems, pivot: 'payments.charge', compensation, constraints, events: { low: Order } });
    expect(plan).toMatchObject({
      pivot: 'payments.charge',
      compensation: { order: 'parallel', on: ['Refused'] },
      constraints,
      events: ['low'],
    });
    expect(planned({ systems })).toMatchObject({ compensation: { order: 'reverse' }, constraints: {}, events: [] });
  });

  it('says nothing of interactions where the code decides what is called', () => {
    const plan = planned({ systems });
    for (const field of ['interactions', 'links', 'interactionWaves', 'worstMs', 'pivot']) expect(plan).not.toHaveProperty(field);
  });

  it('is plain data that JSON gives back as it was', () => {
    const given = { id: 'o-1', note: { big: 10n, at: new Date(0), password: 'p', deep: [from('stock', 'id')], long: 'x'.repeat(1000) } };
    const plan = planned({
      systems,
      interactions: { stock: { call: 'inventory.reserve', input: { id: '1' } }, again: { call: 'inventory.reserve', input: given } },
    });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(plan.interactions?.[1]?.input).toMatchObject({
      'note.deep[0]': { kind: 'from', node: 'stock', path: 'id' },
      'note.password': { kind: 'constant', value: '[redacted]' },
      'note.big': { kind: 'constant', value: '10' },
      'note.at': { kind: 'constant', value: '1970-01-01T00:00:00.000Z' },
      'note.long': { kind: 'constant', value: `${'x'.repeat(200)}…` },
    });
  });
});

describe('the plan of a graph', () => {
  const interactions: InteractionGraph = {
    told: { call: 'mailer.send', input: (done) => ({ number: done.get('paid') }), after: ['paid'] },
    paid: { call: 'payments.charge', input: { order: from('stock', 'id'), cents: from('stock', 'total') }, after: ['counted'] },
    stock: { call: 'inventory.reserve', input: { id: 'o-1' } },
    counted: { call: 'inventory.count' },
  };
  const plan = planned({ systems, interactions });

  it('has each interaction with what it waits for and where its input comes from', () => {
    expect(plan.interactions).toEqual([
      { name: 'told', system: 'mailer', operation: 'send', after: ['paid'], input: 'computed' },
      {
        name: 'paid',
        system: 'payments',
        operation: 'charge',
        after: ['stock', 'counted'],
        input: { order: { kind: 'from', node: 'stock', path: 'id' }, cents: { kind: 'from', node: 'stock', path: 'total' } },
      },
      { name: 'stock', system: 'inventory', operation: 'reserve', after: [], input: { id: { kind: 'constant', value: 'o-1' } } },
      { name: 'counted', system: 'inventory', operation: 'count', after: [] },
    ]);
    expect(plan.interactionWaves).toEqual([['stock', 'counted'], ['paid'], ['told']]);
  });

  it('has each flow of data between two operations, field by field', () => {
    expect(plan.links).toEqual([
      { from: 'paid', to: 'told', producer: 'payments.charge', consumer: 'mailer.send', data: 'computed' },
      { from: 'stock', to: 'paid', producer: 'inventory.reserve', consumer: 'payments.charge', data: { order: 'id', cents: 'total' } },
    ]);
  });

  it('knows systems of a group by their whole name', () => {
    const regions = { eu: inventory(), us: inventory() };
    const call = 'regions.eu.count';
    const { interactions: shown, risks } = planned({
      systems: { regions, shards: [inventory()] },
      interactions: { a: { call }, b: { call: 'shards[0].count' } },
    });
    expect(shown).toMatchObject([
      { system: 'regions.eu', operation: 'count' },
      { system: 'shards[0]', operation: 'count' },
    ]);
    expect(risks).toEqual([]);
  });

  it('of 1,000 interactions is made in a moment', () => {
    const nodes = Array.from({ length: 1000 }, (_, index) => [
      `n${index}`,
      index < 10
        ? { call: 'inventory.reserve', input: { id: 'o' } }
        : {
            call: 'inventory.reserve',
            input: { id: from(`n${index - 7}`, 'id'), note: from(`n${index >> 1}`, 'lines.0.sku') },
            after: [`n${index - 1}`],
          },
    ]);
    const scope = {
      systems,
      pivot: 'payments.charge',
      constraints: { latencyMsMax: 2_000_000 },
      interactions: Object.fromEntries([...nodes, ['paid', { call: 'payments.charge', input: { order: '1', cents: 1 }, after: ['n999'] }]]),
    };
    planned(scope);
    const began = performance.now();
    const { interactionWaves, links, risks } = planned(scope);
    const tookMs = performance.now() - began;
    console.log(`1,001 interactions with ${links?.length} flows of data were planned in ${tookMs.toFixed(1)} ms`);
    expect({ waves: interactionWaves?.length, risks }).toEqual({ waves: 992, risks: [] });
    expect(tookMs).toBeLessThan(500);
  });
});

describe('the fields of a class', () => {
  class Small {
    @IsString() text!: string;
    @IsOptional() @IsNumber() number?: number;
    @IsBoolean() truth = true;
    @IsArray() @IsString({ each: true }) list!: string[];
    @IsDate() at!: Date;
  }

  it('are those with a rule, with their type, and required unless a rule or a default says otherwise', () => {
    expect(plannedFieldsOf(Small)).toEqual([
      { name: 'text', type: 'text', required: true },
      { name: 'number', type: 'number', required: false },
      { name: 'truth', type: 'truth', required: false },
      { name: 'list', type: 'text[]', required: true },
      { name: 'at', type: 'other', required: true },
    ]);
  });

  it('are those of classes within it, and once where a class stands in itself', () => {
    class Folder {
      @IsString() name!: string;
      @Type(() => Folder)
      @ValidateNested({ each: true })
      folders!: Folder[];
    }
    expect(plannedFieldsOf(Folder).map(({ name }) => name)).toEqual(['name', 'folders']);
    expect(plannedFieldsOf(Reservation).map(({ name }) => name)).toEqual(['id', 'total', 'lines', 'lines[].sku', 'lines[].quantity']);
  });

  it('of a text or number are one without a name, and of a class without rules none', () => {
    expect(plannedFieldsOf(Number)).toEqual([{ name: '', type: 'number', required: true }]);
    expect(plannedFieldsOf(class Bare {})).toEqual([]);
  });
});

describe('the longest that a call can take', () => {
  const worst = (spec: object): number | undefined => {
    const all = operationsOf(made('One', { call: { effect: 'read', ...spec }, other: { effect: 'read', fallback: 'call' } }));
    const call = all.get('call');
    return call && worstMsOf(call, { among: all });
  };

  it.each([
    ['one attempt', { policy: { timeoutMs: 500 } }, 500],
    ['no limit', { policy: {} }, undefined],
    ['no limit of the first attempt, but of each', { policy: { retry: { attemptsMax: 2, timeoutMsMax: 50, backoffMs: 0 } } }, 100],
    [
      'attempts that grow, and waits that do not',
      { policy: { timeoutMs: 100, retry: { attemptsMax: 3, timeoutFactor: 2, timeoutMsMax: 300, backoffMs: 10, backoffFactor: 1 } } },
      100 + 200 + 300 + 20,
    ],
    [
      'waits up to their limit',
      { policy: { timeoutMs: 1, retry: { attemptsMax: 5, backoffMs: 100, backoffMsMax: 250 } } },
      5 + 100 + 200 + 250 + 250,
    ],
    ['a million attempts', { policy: { timeoutMs: 1, retry: { attemptsMax: 1_000_000, backoffMs: 1, backoffFactor: 1 } } }, 1_999_999],
    ['a fallback that falls back again', { policy: { timeoutMs: 5 }, fallback: 'other' }, 5 + 1000],
    ['a number of attempts that is none', { policy: { timeoutMs: 5, retry: { attemptsMax: Number.NaN } } }, undefined],
  ])('with %s', (_what, spec, expected) => {
    expect(worst(spec)).toBe(expected);
  });
});

describe('layers', () => {
  const SEED = 20_261_121;

  it(`of 500 random graphs are as brute force has them (seed ${SEED})`, () => {
    const draw = drawing(SEED);
    let circular = 0;
    for (let trial = 0; trial < 500; trial += 1) {
      const names = Array.from({ length: 1 + draw(8) }, (_, index) => `n${index}`);
      const before = new Map(names.map((name) => [name, names.filter(() => draw(6) === 0)]));
      const { waves, cycles } = layersOf(before);
      const reached = reachable(before);
      const inCircle = names.filter((name) => reached.get(name)?.has(name));
      expect(cycles.length > 0).toBe(inCircle.length > 0);
      for (const path of cycles) {
        expect(path[0]).toBe(path.at(-1));
        for (let at = 1; at < path.length; at += 1) expect(before.get(path[at - 1] ?? '')).toContain(path[at]);
      }
      const free = names.filter((name) => ![name, ...(reached.get(name) ?? [])].some((one) => inCircle.includes(one)));
      expect(waves.flat().toSorted()).toEqual(free.toSorted());
      for (const [index, wave] of waves.entries()) {
        for (const name of wave) {
          const earliest = Math.max(-1, ...(before.get(name) ?? []).map((one) => waves.findIndex((other) => other.includes(one)))) + 1;
          expect(index).toBe(earliest);
        }
      }
      if (inCircle.length > 0) circular += 1;
    }
    expect(circular).toBeGreaterThan(100);
    expect(circular).toBeLessThan(400);
  });

  /** All that comes before each, at any distance. */
  function reachable(before: ReadonlyMap<string, readonly string[]>): Map<string, Set<string>> {
    const reached = new Map([...before].map(([name, earlier]) => [name, new Set(earlier)]));
    for (const middle of before.keys()) {
      for (const one of reached.values()) if (one.has(middle)) for (const further of reached.get(middle) ?? []) one.add(further);
    }
    return reached;
  }
});

describe('a random graph', () => {
  const SEED = 7_041_776;
  const LIMITS: Readonly<Record<string, number>> = { keep: 700, pick: 300, pay: 100 };
  const policyOf = (timeoutMs: number) => ({ timeoutMs, retry: { attemptsMax: 1 } });
  const shop = made('Shop', {
    keep: { undo: 'keep', policy: policyOf(700) },
    pick: { policy: policyOf(300) },
    pay: { policy: policyOf(100) },
  });

  it(`has the longest chain, and the nodes that may come before the pivot, that brute force finds (300 graphs, seed ${SEED})`, () => {
    const draw = drawing(SEED);
    let early = 0;
    for (let trial = 0; trial < 300; trial += 1) {
      const names = Array.from({ length: 2 + draw(9) }, (_, index) => `n${index}`);
      const calls = names.map((_, index) => (index === 1 ? 'pay' : (Object.keys(LIMITS)[draw(3)] ?? 'keep')));
      const after = names.map((_, index) => names.slice(0, index).filter(() => draw(3) === 0));
      const interactions = Object.fromEntries(
        names.map((name, index) => [name, { call: `shop.${calls[index]}`, after: after[index] ?? [] }]),
      );
      const plan = planned({ systems: { shop }, pivot: 'shop.pay', interactions });
      const chainMs = (index: number): number =>
        (LIMITS[calls[index] ?? ''] ?? 0) + Math.max(0, ...(after[index] ?? []).map((name) => chainMs(names.indexOf(name))));
      const followsPivot = (index: number): boolean =>
        calls[index] === 'pay' || (after[index] ?? []).some((name) => followsPivot(names.indexOf(name)));
      const unsafe = names.filter((_, index) => calls[index] === 'pick' && !followsPivot(index));
      expect(plan.worstMs).toBe(Math.max(...names.map((_, index) => chainMs(index))));
      const found = plan.risks.filter(({ code }) => code === 'undo-missing-before-pivot').map(({ subject }) => subject);
      expect(found.toSorted()).toEqual(unsafe.toSorted());
      early += unsafe.length;
    }
    expect(early).toBeGreaterThan(100);
  });
});
