/** Plans as text for a terminal and for Mermaid, with names that hold anything. */
import { planMermaid } from '../../../../src/host/plan/planMermaid.js';
import { planTree } from '../../../../src/host/plan/planTree.js';
import { limitText } from '../../../../src/host/plan/textLines.js';
import { from } from '../../../../src/orchestration/coordination/InteractionGraph.js';
import type { AnyScope } from '../../../../src/orchestration/scope.js';
import { CHARGE, inventory, made, mailer, payments, planned, Receipt } from './shopScope.js';

const patient = { policy: { timeoutMs: 2000, retry: { attemptsMax: 3 } } };
const ORDERED: AnyScope = {
  systems: {
    inventory: inventory(),
    payments: payments({ charge: { ...CHARGE, ...patient, probe: undefined } }, { protocol: 'http', version: '2.1.0' }),
  },
  optional: { mailer: made('Mailer', { send: {} }, { version: '0.0.0' }) },
  after: { payments: ['inventory'], mailer: ['payments', 'inventory'] },
  versions: { payments: '^2.0.0' },
  pivot: 'payments.charge',
  compensation: { order: 'parallel', on: [RangeError] },
  constraints: { availabilityMin: 0.999, severity: 'error' },
  events: { low: class Low {} },
};
const GRAPH: AnyScope = {
  systems: { inventory: inventory(), payments: payments(), mailer: mailer() },
  pivot: 'payments.charge',
  interactions: {
    stock: { call: 'inventory.reserve', input: { id: 'o-1' } },
    paid: { call: 'payments.charge', input: { order: from('stock', 'id'), cents: from('stock', 'total') } },
    told: { call: 'mailer.send', input: (done) => done.get('paid'), after: ['paid'] },
    counted: { call: 'inventory.count', after: ['stock', 'paid'] },
  },
};

describe('the tree of a plan', () => {
  it('shows what is used in which order, what holds for the run, and what can go wrong, in 80 columns', () => {
    expect(planTree(planned(ORDERED))).toBe(`place-order, centralized coordination of 3 systems. Nothing was executed.

1. alone
   inventory 1.2.0
   ├ reserve        idempotent, at most 1 s, undone by release
   ├ release        idempotent, at most 1 s
   └ count          read, at most 1 s
2. alone
   payments 2.1.0 by http, needed ^2.0.0
   └ charge         once, at most 6.3 s in 3 attempts
3. alone
   mailer          send (idempotent, at most 1 s), optional

Pivot     payments.charge: before it a failure is undone, behind it nothing is
Undone    all at once, after RangeError
Keeps to  at least 99.9 % of the calls answered, or the run fails
Events    low

Risks
   warning: once-without-probe
   - payments.charge may happen only once, and nothing finds out what became of
     it
     then: If its reply is lost, the run stops as unknown and waits for a
           person.
     do:   Declare a \`probe\`, an undo by key, or make it idempotent by
           \`call.key\`.

The code of the command decides which operations are called, and how often.
`);
  });

  it('shows the interactions of a graph with where their inputs come from', () => {
    expect(planTree(planned(GRAPH))).toContain(`
Interactions, at most 14.2 min by their limits
1. alone
   stock          inventory.reserve: id = "o-1"
2. alone
   paid           payments.charge: order ← stock.id, cents ← stock.total
3. at the same time
   told           mailer.send: computed; after paid
   counted        inventory.count; after stock, paid

Pivot     payments.charge`);
    expect(planTree(planned(GRAPH))).not.toContain('The code of the command decides');
  });

  it('shows what stands in no order, errors first', () => {
    const circular = planned({ ...ORDERED, after: { inventory: ['payments'], payments: ['inventory'] }, versions: { payments: '^3.0.0' } });
    const tree = planTree(circular);
    expect(tree).toMatch(/1\. alone\n {3}mailer .*\nIn no order\n {3}inventory 1\.2\.0\n/);
    expect(tree).toMatch(/Risks\n {3}error: order-cycle\n {3}- systems wait for one another: inventory after payments after inventory\n/);
    expect(tree.match(/^ {3}(error|warning): .*$/gm)).toEqual([
      '   error: order-cycle',
      '   error: version-out-of-range',
      '   warning: once-without-probe',
    ]);
  });

  it.each([40, 80, 200])('has no line wider than %i columns where words are not', (columns) => {
    for (const scope of [ORDERED, GRAPH]) {
      const wide = planTree(planned(scope), { columns })
        .split('\n')
        .filter((line) => line.length > columns);
      expect(wide).toEqual([]);
    }
  });

  it('writes out what would move the cursor', () => {
    const tree = planTree(planned({ systems: { 'a\u001b[2J\nb': mailer() } }));
    expect(tree).toContain('a\\u{1b}[2J b');
    expect(tree).not.toContain('\u001b');
  });
});

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [6301, '6.4 s'],
  [6300, '6.3 s'],
  [300_000, '5 min'],
  [5_400_001, '90.1 min'],
  [9_000_000, '2.5 h'],
])('a limit of %i ms is %s, and never shown as less', (ms, text) => {
  expect(limitText(ms)).toBe(text);
});

describe('the Mermaid text of a plan', () => {
  it('of systems has their operations, their order without what follows from the rest, and the pivot', () => {
    expect(planMermaid(planned(ORDERED))).toBe(`flowchart TB
  n0["<b>inventory</b><br/>reserve<br/>release<br/>count"]
  n1["<b>payments</b><br/>by http<br/>charge (pivot)"]
  n2["<b>mailer</b><br/>optional<br/>send"]
  n0 -.-> n1
  n1 -.-> n2
  classDef pivot stroke:#b45309,stroke-width:3px
  class n1 pivot
`);
  });

  it('of a graph has the data on its arrows, and dotted ones for mere order', () => {
    expect(planMermaid(planned(GRAPH))).toBe(`flowchart TB
  n0["<b>stock</b><br/>inventory.reserve"]
  n1["<b>paid</b><br/>payments.charge"]
  n2["<b>told</b><br/>mailer.send"]
  n3["<b>counted</b><br/>inventory.count"]
  n0 -->|"order ← id<br/>cents ← total"| n1
  n1 -->|"computed"| n2
  n1 -.-> n3
  classDef pivot stroke:#b45309,stroke-width:3px
  class n1 pivot
`);
  });

  it('names at most so many operations of a system, and says how many more there are', () => {
    const operations = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`op${index}`, {}]));
    const text = planMermaid(planned({ systems: { large: made('Large', operations) } }));
    expect(text).toContain('<b>large</b><br/>op0<br/>op1<br/>op2<br/>op3<br/>op4<br/>op5<br/>op6<br/>and 5 more"');
  });

  it('draws circles as they are', () => {
    const circular = planned({ systems: { a: mailer(), b: mailer() }, after: { a: ['b'], b: ['a'] } });
    expect(planMermaid(circular)).toMatch(/ n1 -\.-> n0\n {2}n0 -\.-> n1\n/);
  });

  it('of a graph that is too large to be read has its systems, and how much flows between them', () => {
    const nodes = Array.from({ length: 130 }, (_, index) => [
      `n${index}`,
      index < 30 ? { call: 'inventory.count' } : { call: 'mailer.send', input: { number: from(`n${index - 30}`, 'number') } },
    ]);
    const chatty = mailer({ send: { input: Receipt, output: Receipt } });
    const plan = planned({ systems: { inventory: inventory(), mailer: chatty }, interactions: Object.fromEntries(nodes) });
    expect(plan.risks).toEqual([]);
    expect(planMermaid(plan)).toBe(`flowchart TB
  n0["<b>inventory</b><br/>30 interactions"]
  n1["<b>mailer</b><br/>100 interactions"]
  n0 -->|"30"| n1
`);
  });

  it('of very many systems has the first ones', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`s${index}`, mailer()]));
    const after = Object.fromEntries(Object.keys(many).map((name, index) => [name, index === 0 ? [] : [`s${index - 1}`]]));
    const lines = planMermaid(planned({ systems: many, after })).split('\n');
    expect(lines.filter((line) => line.includes('["'))).toHaveLength(120);
    expect(lines.filter((line) => line.includes('-.->'))).toHaveLength(118);
    expect(lines).toContain('  n119["<b>and 181 more</b>"]');
  });

  it('takes no name for a sign of its own', () => {
    const text = planMermaid(planned({ systems: { 'x"]; click n0 "javascript:1" %%{`<i>': mailer() } }));
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('<b>x#34;#93;#59; click n0 #34;javascript:1#34; %%#123;#96;#60;i#62;</b>');
  });
});
