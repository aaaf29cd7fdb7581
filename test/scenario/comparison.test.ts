/** The order saga of the example beside the same saga on DBOS and on Restate: under the same faults, and in lines. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contest, type ContestOrder, type Moment } from '../../bench/comparison/contest/Contest.js';
import type { Ending } from '../../bench/comparison/contest/orderDesk.js';
import { Database, hasPostgres, POSTGRES } from '../../bench/comparison/contest/postgres.js';
import { programOf } from '../../bench/comparison/contest/programs.js';
import { freePorts } from '../../bench/support/restate/freePorts.js';
import { hasRestate, RestateServer } from '../../bench/support/restate/RestateServer.js';
import { LINES, ORDERS, type PlannedOrder } from '../../examples/order-fulfilment/orders.js';
import { readBooks } from '../../examples/order-fulfilment/services/books.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { fleets } from '../support/orders/fleet.js';
import { bundleOf } from '../support/processBundle.js';

jest.setTimeout(120_000);
const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);
const KILLS = 5;
/** Requests and replies between two kills. */
const GAP_MAX = 20;
/** Lines of the saga on Sixfold to those on either other engine. The goal is 0.5. */
const RATIO_MAX = 0.61;
const COMPARISON = join(__dirname, '..', '..', 'bench', 'comparison');
const services = fleets();

/** `ORDER` in a moment stands for the id of the order. */
type Row = PlannedOrder & { readonly upon?: Moment };

function faultsOf(title: string): PlannedOrder['faults'] {
  const order = ORDERS.find((one) => one.title.startsWith(title));
  if (!order) throw new Error(`no planned order is called ${title}`);
  return order.faults;
}

const CANCELLED: readonly Row[] = [
  {
    title: 'cancelled while the inventory fails',
    faults: { inventory: [{ operation: 'reserve', kind: 'error', times: 2 }] },
    upon: { request: ['"ORDER"', '"sku"'], what: 'cancel' },
    ends: 'compensated',
  },
  {
    title: 'declined, and cancelled while it is undone',
    faults: faultsOf('the card is declined'),
    upon: { request: ['DELETE /orders/ORDER'], what: 'cancel' },
    ends: 'compensated',
  },
  {
    title: 'cancelled after it was paid, while the order service fails',
    faults: faultsOf('paid, then'),
    upon: { request: ['POST /orders/ORDER/confirmation'], what: 'cancel' },
    ends: 'completed',
  },
];

const KILLED: readonly Row[] = [
  ...ORDERS.map(lasting),
  {
    title: 'the orchestrator dies while the money is taken',
    faults: {},
    upon: { request: ['"orderId":"ORDER"', '"cents"'], what: 'kill' },
    ends: 'completed',
  },
];

/** A refusal that is lost with the process that was told of it is still one when the next process asks; behind the pivot it is over some time. */
function lasting({ faults: { order = [], ...others }, ...row }: PlannedOrder): Row {
  const forGood = Object.entries(others).map(([name, faults]) => [
    name,
    faults.map((fault) => (fault.kind === 'refuse' ? { ...fault, times: 0 } : fault)),
  ]);
  return { ...row, faults: { order, ...Object.fromEntries(forGood) } };
}

const PROGRAMS = {
  sixfold: bundleOf('../../bench/comparison/sixfold/program.ts'),
  dbos: programOf('dbos', services.folder()),
  restate: programOf('restate', services.folder()),
};
type Name = keyof typeof PROGRAMS;
const NAMES = Object.keys(PROGRAMS) as Name[];

interface Ended {
  readonly title: string;
  readonly ending: Ending;
  readonly isAsPlanned: boolean;
}

async function ended(contest: Contest, rows: readonly Row[], kills: readonly number[] = []): Promise<Ended[]> {
  const orders = rows.map(({ faults, lines = LINES, upon }, index): ContestOrder => {
    const orderId = `${kills.length > 0 ? 'killed' : 'faulty'}-${String.fromCharCode(97 + index)}`;
    const request = upon?.request.map((part) => part.replace('ORDER', orderId)) ?? [];
    return { orderId, faults, lines, ...(upon && { upon: { ...upon, request } }) };
  });
  const endings = await contest.fulfil(orders, kills);
  return rows.map(({ title, ends }, index) => {
    const ending = endings[index] ?? { how: 'stuck' };
    return { title, ending, isAsPlanned: ending.how !== 'stuck' && (ending.how === 'completed') === (ends === 'completed') };
  });
}

/** Where each keeps its orders. */
async function storeOf(name: Name, folder: string, held: AsyncDisposableStack): Promise<string> {
  if (name === 'sixfold') return join(folder, 'journal.db');
  if (name === 'dbos') return held.use(new Database()).url;
  const { ingress, admin } = held.use(await RestateServer.start(join(folder, 'restate'))).ports;
  const [program] = await freePorts(1);
  return JSON.stringify({ ingress, admin, program });
}

interface Verdict {
  readonly ended: readonly Ended[];
  /** What is wrong in the books. */
  readonly faults: readonly string[];
  readonly kills: number;
}

async function compete(name: Name, kills: readonly number[]): Promise<Verdict> {
  await using held = new AsyncDisposableStack();
  const folder = services.folder();
  const fleet = held.use(await services.start({ folder }));
  const STORE = await storeOf(name, folder, held);
  const contest = held.use(new Contest(fleet));
  const { file, env } = PROGRAMS[name];
  await contest.start({ file, env: { ...env, STORE } });
  const all = [...(await ended(contest, [...ORDERS, ...CANCELLED])), ...(await ended(contest, KILLED, kills))];
  return { ended: all, faults: readBooks(folder).faults, kills: contest.kills };
}

function table(verdicts: readonly Verdict[]): string {
  const line = (title: string, cells: readonly string[]): string => [title.padEnd(90), ...cells.map((cell) => cell.padEnd(12))].join(' ');
  const plain = ORDERS.length + CANCELLED.length;
  const rows = (verdicts[0]?.ended ?? []).map(({ title }, index) =>
    line(
      index < plain ? title : `killed: ${title}`,
      verdicts.map((verdict) => verdict.ended[index]?.ending.how ?? ''),
    ),
  );
  return [line('', NAMES), ...rows].join('\n');
}

const required = process.env.SIXFOLD_REQUIRE_SERVICES === '1';
const missing = [
  ...(required || hasPostgres() ? [] : [`PostgreSQL: none at ${POSTGRES} in which this user may make a database`]),
  ...(required || hasRestate() ? [] : ['the Restate server: npm has none for this platform']),
];
const isRunnable = missing.length === 0;
if (!isRunnable) process.stderr.write(`comparison.test.ts: skipped what needs ${missing.join('; ')}.\n`);
const competing = isRunnable ? it : it.skip;

describe('the same saga on three engines', () => {
  competing(`keeps the books under faults, cancellations and kills of the orchestrator (SEED=${SEED})`, async () => {
    const chance = new SeededChance(SEED);
    const gaps = NAMES.map(() => Array.from({ length: KILLS }, () => 1 + Math.floor(chance.random() * GAP_MAX)));
    const contests = NAMES.map((name, index) => compete(name, gaps[index] ?? []));
    await Promise.allSettled(contests); // None is left at work when another fails.
    const verdicts = await Promise.all(contests);
    console.log(table(verdicts));
    const wrong = verdicts.flatMap(({ ended: all, faults, kills }, index) => [
      ...all.flatMap(({ title, ending, isAsPlanned }) =>
        isAsPlanned ? [] : [`${NAMES[index]}: ${title}: ${ending.how} ${ending.why ?? ''}`],
      ),
      ...faults.map((fault) => `${NAMES[index]}: ${fault}`),
      ...(kills === KILLS + 1 ? [] : [`${NAMES[index]}: killed ${kills} times`]),
    ]);
    expect(wrong).toEqual([]);
  });

  it('has as many lines as its page says, and fewest on Sixfold', () => {
    const counted = execFileSync(process.execPath, [join(COMPARISON, 'count.js')], { encoding: 'utf8' });
    expect(readFileSync(join(COMPARISON, 'README.md'), 'utf8')).toContain(counted);
    const ratios = [...counted.matchAll(/^\| (?:dbos|restate) .* ([\d.]+) \|$/gm)].map(([, ratio]) => Number(ratio));
    expect(ratios).toHaveLength(2);
    expect(Math.max(...ratios)).toBeLessThanOrEqual(RATIO_MAX);
  });
});
