/** A plan names what can go wrong: one planted fault in each scope, and nothing to say of its clean twin. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Class } from '../../../../src/kernel/Class.js';
import { from } from '../../../../src/orchestration/coordination/InteractionGraph.js';
import { RISKS } from '../../../../src/orchestration/plan/Risk.js';
import type { AnyScope } from '../../../../src/orchestration/scope.js';
import type { Channel } from '../../../../src/systems/channels/Channel.js';
import { System } from '../../../../src/systems/System.js';
import { Amount, CHARGE, inventory, made, mailer, Order, payments, planned, RESERVE, Reservation, risksOf } from './shopScope.js';

const GRAPH = {
  stock: { call: 'inventory.reserve', input: { id: 'o-1' } },
  paid: { call: 'payments.charge', input: { order: 'o-1', cents: from('stock', 'total') } },
  told: { call: 'mailer.send', input: { number: from('paid', 'number') } },
} as const;

const systems = { inventory: inventory(), payments: payments(), mailer: mailer() };
const graph = (changed: AnyScope['interactions'], rest: Partial<AnyScope> = {}): AnyScope => ({
  systems,
  interactions: { ...GRAPH, ...changed },
  ...rest,
});
const ordered = { payments: ['inventory'], mailer: ['payments'] };

interface Planted {
  readonly fault: string;
  readonly scope: AnyScope;
  /** `code subject` */
  readonly risk: string;
  readonly twin: AnyScope;
}

class Ledger extends System {}
const books = made('Books', { book: {} });
const Books = books.constructor as Class<System>;
const AnySystem = System as unknown as Class<System>; // Its own base, which every system is an instance of.

const PLANTED: readonly Planted[] = [
  {
    fault: 'systems that come after one another',
    scope: { systems, after: { ...ordered, inventory: ['mailer'] } },
    risk: 'order-cycle inventory',
    twin: { systems, after: ordered },
  },
  {
    fault: 'an order after a system that is not there',
    scope: { systems, after: { payments: ['stock'] } },
    risk: 'order-unknown payments',
    twin: { systems, after: { payments: ['inventory'] } },
  },
  {
    fault: 'a required system that the scope lacks',
    scope: { systems: { ...systems, mailer: mailer({}, { requires: [Books] }) } },
    risk: 'required-missing mailer',
    twin: { systems: { mailer: mailer({}, { requires: [Books] }) }, optional: { books } },
  },
  {
    fault: 'a system without operations',
    scope: { systems: { ...systems, ledger: new Ledger() } },
    risk: 'no-operations ledger',
    twin: { systems: { ...systems, ledger: made('Ledger', { book: {} }) } },
  },
  {
    fault: 'an effect that may happen once and that nothing asks after',
    scope: { systems: { payments: payments({ charge: { ...CHARGE, probe: undefined } }) } },
    risk: 'once-without-probe payments.charge',
    twin: {
      systems: {
        payments: payments({ charge: { ...CHARGE, probe: undefined, undo: { operation: 'refund', byKey: () => ({}) } }, refund: {} }),
      },
    },
  },
  {
    fault: 'an undo that is a method and no operation',
    scope: { systems: { payments: payments({ reserve: { ...RESERVE, undo: 'findCharge' } }) } },
    risk: 'undo-unknown payments.reserve',
    twin: { systems: { payments: payments({ reserve: { ...RESERVE, undo: 'cancel' }, cancel: { input: Reservation } }) } },
  },
  {
    fault: 'a probe that is not there',
    scope: { systems: { payments: payments({ charge: { ...CHARGE, probe: 'lookUp' } }) } },
    risk: 'undo-unknown payments.charge',
    twin: { systems },
  },
  {
    fault: 'a fallback that is not there',
    scope: { systems: { inventory: inventory({ count: { effect: 'read', fallback: 'guess' } }) } },
    risk: 'undo-unknown inventory.count',
    twin: { systems: { inventory: inventory({ count: { effect: 'read', fallback: 'guess' }, guess: { effect: 'read' } }) } },
  },
  {
    fault: 'a batch by a method that is not there',
    scope: { systems: { payments: payments({ look: { effect: 'read', policy: { timeoutMs: 9, batch: { by: 'lookAll' } } } }) } },
    risk: 'undo-unknown payments.look',
    twin: { systems: { payments: payments({ look: { effect: 'read', policy: { timeoutMs: 9, batch: { by: 'chargeAll' } } } }) } },
  },
  {
    fault: 'an undo that needs what the output does not have',
    scope: { systems: { inventory: inventory({ release: { input: Amount } }) } },
    risk: 'undo-mismatch inventory.reserve',
    twin: { systems: { inventory: inventory({ release: { input: Order } }) } },
  },
  {
    fault: 'a policy with numbers that mean nothing',
    scope: { systems: { mailer: mailer({ send: { policy: { timeoutMs: -5 } } }) } },
    risk: 'policy-invalid mailer.send',
    twin: { systems: { mailer: mailer({ send: { policy: { timeoutMs: 5 } } }) } },
  },
  {
    fault: 'an operation without undo of a system that comes before that of the pivot',
    scope: { systems: { ...systems, inventory: inventory({ pick: {} }) }, after: ordered, pivot: 'payments.charge' },
    risk: 'undo-missing-before-pivot inventory.pick',
    twin: { systems, after: ordered, pivot: 'payments.charge' },
  },
  {
    fault: 'an operation without undo of the system of the pivot',
    scope: { systems: { ...systems, payments: payments({ note: {} }) }, after: ordered, pivot: 'payments.charge' },
    risk: 'undo-missing-before-pivot payments.note',
    twin: { systems: { ...systems, payments: payments({ note: { effect: 'read' } }) }, after: ordered, pivot: 'payments.charge' },
  },
  {
    fault: 'a node without undo that does not wait for the pivot',
    scope: graph({ hello: { call: 'mailer.send', input: { number: '1' } } }, { pivot: 'payments.charge' }),
    risk: 'undo-missing-before-pivot hello',
    twin: graph({ hello: { call: 'mailer.send', input: { number: '1' }, after: ['told'] } }, { pivot: 'payments.charge' }),
  },
  {
    fault: 'a fallback without undo before the pivot',
    scope: graph(
      {},
      {
        pivot: 'payments.charge',
        systems: {
          ...systems,
          inventory: inventory({ reserve: { ...RESERVE, fallback: 'borrow' }, borrow: { ...RESERVE, undo: undefined } }),
        },
      },
    ),
    risk: 'undo-missing-before-pivot stock',
    twin: graph(
      {},
      {
        pivot: 'payments.charge',
        systems: { ...systems, inventory: inventory({ reserve: { ...RESERVE, fallback: 'borrow' }, borrow: RESERVE }) },
      },
    ),
  },
  {
    fault: 'a pivot that is no operation',
    scope: { systems, pivot: 'payments.pay' },
    risk: 'pivot-unknown payments.pay',
    twin: { systems, pivot: 'payments.charge' },
  },
  {
    fault: 'a pivot that no node calls',
    scope: graph(
      { paid: { call: 'inventory.count' }, told: { call: 'mailer.send', input: { number: '1' }, after: ['paid'] } },
      { pivot: 'payments.charge', systems: { ...systems, inventory: inventory() } },
    ),
    risk: 'pivot-unknown payments.charge',
    twin: graph({}, { pivot: 'payments.charge' }),
  },
  {
    fault: 'a pivot with an undo that nobody will call',
    scope: { systems: { inventory: inventory() }, pivot: 'inventory.reserve' },
    risk: 'pivot-with-undo inventory.reserve',
    twin: { systems, pivot: 'payments.charge' },
  },
  {
    fault: 'a system of another version than is needed',
    scope: { systems, versions: { inventory: '^2.0.0' } },
    risk: 'version-out-of-range inventory',
    twin: { systems, versions: { inventory: '^1.1.0' } },
  },
  {
    fault: 'a range that is none',
    scope: { systems, versions: { inventory: 'the newest' } },
    risk: 'version-out-of-range inventory',
    twin: { systems, versions: { inventory: '1.x || >=2.5.0 <3' } },
  },
  {
    fault: 'a range for a system that is not there',
    scope: { systems, versions: { stock: '^1.0.0' } },
    risk: 'version-out-of-range stock',
    twin: { systems, versions: {} },
  },
  {
    fault: 'an operation that may take longer than the whole run',
    scope: { systems, constraints: { latencyMsMax: 6999 } },
    risk: 'latency-unreachable payments.charge',
    twin: { systems, constraints: { latencyMsMax: 1_000_000 } },
  },
  {
    fault: 'an operation without limit in a run with one',
    scope: { systems: { inventory: inventory({ count: { effect: 'read', policy: {} } }) }, constraints: { latencyMsMax: 60_000 } },
    risk: 'latency-unreachable inventory.count',
    twin: { systems: { inventory: inventory({ release: { input: Reservation, policy: {} } }) }, constraints: { latencyMsMax: 60_000 } },
  },
  {
    fault: 'a chain of interactions that may take longer than the whole run',
    scope: graph({}, { constraints: { latencyMsMax: 9000 } }),
    risk: 'latency-unreachable latencyMsMax',
    twin: graph({}, { constraints: { latencyMsMax: 20_000 } }),
  },
  {
    fault: 'an availability in per cent',
    scope: { systems, constraints: { availabilityMin: 99.9 } },
    risk: 'constraint-invalid availabilityMin',
    twin: { systems, constraints: { availabilityMin: 0.999, latencyMsMax: 1_000_000, severity: 'error' } },
  },
  {
    fault: 'a node that calls an operation that is not there',
    scope: graph({ told: { call: 'mailer.write', after: ['paid'] } }),
    risk: 'graph-call-unknown told',
    twin: graph({}),
  },
  {
    fault: 'nodes that wait for one another',
    scope: graph({ stock: { ...GRAPH.stock, after: ['told'] } }),
    risk: 'graph-cycle stock',
    twin: graph({ stock: { ...GRAPH.stock, after: [] } }),
  },
  {
    fault: 'an input from a node that is not there',
    scope: graph({ told: { call: 'mailer.send', input: { number: from('payed', 'number') } } }),
    risk: 'graph-node-unknown told.number',
    twin: graph({}),
  },
  {
    fault: 'an order after a node that is not there',
    scope: graph({ told: { ...GRAPH.told, after: ['payed'] } }),
    risk: 'graph-node-unknown told',
    twin: graph({ told: { ...GRAPH.told, after: ['paid', 'stock'] } }),
  },
  {
    fault: 'a mapping that leaves a required field out',
    scope: graph({ paid: { call: 'payments.charge', input: { cents: from('stock', 'total') } } }),
    risk: 'mapping-missing paid.order',
    twin: graph({ stock: { call: 'inventory.reserve', input: { id: 'o-1' } } }),
  },
  {
    fault: 'a mapping of a field that the input does not have',
    scope: graph({ stock: { call: 'inventory.reserve', input: { id: 'o-1', colour: 'red' } } }),
    risk: 'mapping-unknown stock.colour',
    twin: graph({ stock: { call: 'inventory.reserve', input: { id: 'o-1', note: 'red' } } }),
  },
  {
    fault: 'a path that the output does not have',
    scope: graph({ told: { call: 'mailer.send', input: { number: from('stock', 'lines.0.serial') }, after: ['paid'] } }),
    risk: 'mapping-unknown told.number',
    twin: graph({ told: { call: 'mailer.send', input: { number: from('stock', 'lines.0.sku') }, after: ['paid'] } }),
  },
  {
    fault: 'an input for an operation that takes none',
    scope: graph({ counted: { call: 'inventory.count', input: { all: true } } }),
    risk: 'mapping-unknown counted.all',
    twin: graph({ counted: { call: 'inventory.count' } }),
  },
];

describe('a scope with a planted fault', () => {
  it.each(PLANTED)('$fault: is named by its code and subject, and its twin is clean', ({ scope, risk, twin }) => {
    expect({ planted: risksOf(scope), twin: risksOf(twin) }).toEqual({ planted: [risk], twin: [] });
  });

  it('is there for every code, and each risk says what happens and what to do', () => {
    const codes = new Set(PLANTED.map(({ risk }) => risk.split(' ')[0] ?? ''));
    expect([...codes].toSorted()).toEqual(Object.keys(RISKS).toSorted());
    console.log(`${PLANTED.length} planted faults of ${codes.size} kinds named, 0 risks on ${PLANTED.length} clean twins`);
    for (const { scope } of PLANTED) {
      for (const risk of planned(scope).risks)
        expect(risk).toMatchObject({ ...RISKS[risk.code], reason: expect.stringMatching(/^.{20,}[^.]$/) });
    }
  });

  it('docs/plans.md lists the codes, each as the table has it', () => {
    const page = readFileSync(join(__dirname, '../../../../docs/plans.md'), 'utf8');
    const rows = page.split('\n').filter((line) => /^\| `[a-z-]+` \| (error|warning) \|/.test(line));
    const expected = Object.entries(RISKS).map(
      ([code, { severity, scenario, answer }]) => `| \`${code}\` | ${severity} | ${scenario} | ${answer} |`,
    );
    expect(rows.toSorted().join('\n')).toBe(expected.toSorted().join('\n'));
  });
});

describe('a risk', () => {
  const reasonsOf = (scope: AnyScope): string[] => planned(scope).risks.map(({ reason }) => reason);

  it('names the circle as a path, of systems as of nodes, and each circle once', () => {
    const others = { a: mailer(), b: mailer(), c: mailer() };
    expect(
      reasonsOf({ systems: { ...systems, ...others }, after: { ...ordered, inventory: ['mailer'], a: ['b'], b: ['a'], c: ['a', 'c'] } }),
    ).toEqual([
      'systems wait for one another: inventory after mailer after payments after inventory',
      'systems wait for one another: a after b after a',
    ]);
    expect(reasonsOf(graph({ stock: { ...GRAPH.stock, after: ['told'] } }))).toEqual([
      'nodes wait for one another: stock after told after paid after stock',
    ]);
  });

  it('of the latency of a graph names the chain, counts attempts, waits and the probe, and the patience with which a pivot is tried', () => {
    const retry = { attemptsMax: 3, backoffMs: 100, jitter: 0 };
    const slow = { ...systems, inventory: inventory({ reserve: { ...RESERVE, policy: { timeoutMs: 2000, retry } } }) };
    const scope = graph({ counted: { call: 'inventory.count' } }, { systems: slow, constraints: { latencyMsMax: 10_000 } });
    // reserve 3 × 2,000 + 100 + 200; charge 2 × 1,000 + 100, and after each 3 questions of its probe with 100 + 200 between; send 1,000.
    expect(planned(scope).worstMs).toBe(6300 + 2100 + 2 * 3300 + 1000);
    expect(reasonsOf(scope)).toEqual(['stock, then paid, then told may take 16000 ms, and a run at most 10000 ms']);
    const patiently = planned({ ...scope, pivot: 'payments.charge' }).worstMs ?? 0;
    expect(patiently).toBeGreaterThan(6300 + 10 * 1000 + 10 * 1000);
  });

  it('is not seen where a class has no rules: nothing is known of its fields', () => {
    class Bare {}
    const bare = { ...systems, inventory: inventory({ reserve: { ...RESERVE, output: Bare, undo: undefined } }) };
    expect(risksOf(graph({}, { systems: bare }))).toEqual([]);
    const anything = { ...systems, mailer: mailer({ send: { input: Bare } }) };
    expect(risksOf(graph({}, { systems: anything }))).toEqual([]);
  });

  it('of a node that is not there leaves the other nodes in their order', () => {
    const { interactionWaves } = planned(graph({ told: { call: 'mailer.send', input: { number: from('payed', 'number') } } }));
    expect(interactionWaves).toEqual([['stock', 'told'], ['paid']]);
  });

  it('of a requirement is not met by the system that requires it', () => {
    expect(risksOf({ systems: { mailer: mailer({}, { requires: [AnySystem] }) } })).toEqual(['required-missing mailer']);
    const both = planned({ systems: { ...systems, mailer: mailer({}, { requires: [AnySystem] }) } });
    expect({ risks: both.risks, waves: both.waves }).toEqual({ risks: [], waves: [['inventory', 'payments'], ['mailer']] });
  });

  it('of the version of an optional system refuses nothing: it is absent then', () => {
    const severities = (range: string) =>
      planned({ systems, optional: { extra: mailer() }, versions: { extra: range } }).risks.map(
        ({ code, severity }) => `${code} ${severity}`,
      );
    expect(severities('^7.0.0')).toEqual(['version-out-of-range warning']);
    expect(severities('seven')).toEqual(['version-out-of-range error']);
  });

  it('of a version is not seen where only the channel of a system knows it', () => {
    const asked = Object.assign(made('Asked', { ask: {} }, { version: '0.0.0' }), { channel: { protocol: 'http' } as Channel });
    expect(risksOf({ systems: { asked }, versions: { asked: '^3.0.0' } })).toEqual([]);
    expect(risksOf({ systems: { asked }, versions: { asked: '3 and up' } })).toEqual(['version-out-of-range asked']);
  });
});
