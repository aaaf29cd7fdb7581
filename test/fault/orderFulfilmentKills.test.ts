/** The orchestrator of an order is killed at every point of its course, and the services at random: charged and shipped, or neither. */
import { basename, join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { readBooks } from '../../examples/order-fulfilment/services/books.js';
import type { Fault } from '../../examples/order-fulfilment/services/FaultSwitches.js';
import { SERVICE_NAMES, type ServiceFleet, type ServiceName } from '../../examples/order-fulfilment/services/ServiceFleet.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { type Chain, runChains } from '../support/crashChains.js';
import { linesOf, logOf } from '../support/crashLog.js';
import { CrashMatrix } from '../support/crashMatrix.js';
import { storyOf } from '../support/crashTrial.js';
import { fleets } from '../support/orders/fleet.js';
import { type Bundle, bundleOf } from '../support/processBundle.js';

jest.setTimeout(300_000);
const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);
const PROCESSES = 3;
/** Share of the orchestrators that are killed again while they recover. */
const AGAIN = 0.15;
const RECOVERY_POINTS = 40;
/** Share of the orders in whose course a service dies of itself. */
const CRASHES = 0.6;
/** Between the deaths of services by a stranger's hand, all being up. */
const ALIVE_MS = { min: 300, max: 1200 };

/** At which orchestrators die. */
const POINTS = [
  'journal made',
  'process entered',
  'taken',
  'started',
  'step-intended',
  'step-attempted',
  'step-ended',
  'ended',
  'process removed',
  ...SERVICE_NAMES.flatMap((name) => [`call of ${name}`, `request to ${name}`]),
];

const services = fleets();
const program = bundleOf('orders/orderProbe.ts');

interface Scenario {
  readonly ends: 'completed' | 'compensated';
  /** What goes wrong besides the kills. */
  readonly faults: readonly (readonly [ServiceName, Fault])[];
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  smooth: { ends: 'completed', faults: [] },
  lost: {
    ends: 'completed',
    faults: [
      ['inventory', { operation: 'reserve', kind: 'reply-lost' }],
      ['payment', { operation: 'charge', kind: 'reply-lost' }],
      ['order', { operation: 'ship', kind: 'unavailable' }],
    ],
  },
  undone: {
    ends: 'compensated',
    faults: [
      ['order', { operation: 'create', kind: 'reply-lost' }],
      ['payment', { operation: 'charge', kind: 'error' }],
      ['payment', { operation: 'charge', kind: 'refuse', times: 0 }],
      ['inventory', { operation: 'release', kind: 'reply-lost' }],
    ],
  },
};

const orderOf = ({ folder }: Chain): string => basename(folder);

function endOf(chain: Chain): { readonly status: string; readonly points: number } {
  const last = linesOf(logOf(chain.folder)).at(-1);
  return last?.at === 'end' ? (last.ends as { status: string; points: number }) : { status: 'stuck', points: 0 };
}

async function plant(fleet: ServiceFleet, chains: readonly Chain[], crash?: SeededChance): Promise<void> {
  const switches = chains.flatMap((chain) => {
    const crashes = crash && crash.random() < CRASHES ? [crashIn(crash)] : [];
    const faults = [...crashes, ...(SCENARIOS[chain.scenario]?.faults ?? [])];
    return faults.map(([name, fault]) => [name, { ...fault, order: orderOf(chain) }] as const);
  });
  for (const [name, own] of Map.groupBy(switches, ([service]) => service)) await fleet.plant(name, ...own.map(([, fault]) => fault));
}

const CALLS: readonly (readonly [ServiceName, string])[] = [
  ['user', 'verify'],
  ['inventory', 'reserve'],
  ['inventory', 'release'],
  ['order', 'create'],
  ['order', 'cancel'],
  ['payment', 'charge'],
  ['payment', 'probe'],
  ['order', 'confirm'],
  ['order', 'ship'],
];

function crashIn(chance: SeededChance): readonly [ServiceName, Fault] {
  const [service, operation] = CALLS[Math.floor(chance.random() * CALLS.length)] ?? ['order', 'ship'];
  return [service, { operation, kind: chance.random() < 0.5 ? 'crash-before' : 'crash-after' }];
}

/** Orders that die at each point that those have, and some again in their recovery. */
function dying(whole: readonly Chain[], chance: SeededChance): readonly Chain[] {
  return whole.flatMap((chain) =>
    Array.from({ length: endOf(chain).points }, (_, index): Chain => {
      const again = chance.random() < AGAIN ? [{ nth: 1 + Math.floor(chance.random() * RECOVERY_POINTS) }] : [];
      return { folder: `${chain.folder}-${index + 1}`, scenario: chain.scenario, deaths: [{ nth: index + 1 }, ...again] };
    }),
  );
}

/** Until there is nothing more to kill them for. */
async function killServices(fleet: ServiceFleet, chance: SeededChance, { signal }: AbortController): Promise<void> {
  const { min, max } = ALIVE_MS;
  for (;;) {
    await Promise.all(SERVICE_NAMES.map((name) => fleet.whenUp(name)));
    await passed(min + chance.random() * (max - min), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    fleet.kill(SERVICE_NAMES[Math.floor(chance.random() * SERVICE_NAMES.length)] ?? 'order');
  }
}

describe('an order of the example', () => {
  it('is charged and shipped, or neither, wherever the orchestrator is killed, while services die at random', async () => {
    const folder = services.folder();
    await using fleet = await services.start({ folder });
    const urls = Object.fromEntries(SERVICE_NAMES.map((name) => [name, fleet.url(name)]));
    const bundle: Bundle = { file: program.file, env: { ...program.env, SERVICES: JSON.stringify(urls) } };
    const chance = new SeededChance(SEED);

    const whole = Object.keys(SCENARIOS).map((scenario): Chain => ({ folder: join(folder, scenario), scenario, deaths: [] }));
    await plant(fleet, whole);
    await runChains(whole, bundle, 1);
    expect(whole.map((chain) => endOf(chain).status)).toEqual(Object.values(SCENARIOS).map(({ ends }) => ends));

    const chains = dying(whole, chance);
    await plant(fleet, chains, chance);
    const enough = new AbortController();
    const t = performance.now();
    const killing = killServices(fleet, chance, enough);
    await runChains(chains, bundle, PROCESSES).finally(() => enough.abort());
    await killing;
    console.log(performance.now() - t);

    const matrix = new CrashMatrix();
    for (const { folder: place } of chains) matrix.add(linesOf(logOf(place)));
    const { entries, faults } = readBooks(folder);
    const shipped = new Set(entries.flatMap(({ orderId, status }) => (status === 'shipped' ? [orderId] : [])));
    const wrong = chains.filter(
      (chain) => !(shipped.has(orderOf(chain)) ? ['completed'] : ['compensated', 'failed']).includes(endOf(chain).status),
    );
    console.log(
      `seed ${SEED}: ${chains.length} orders, ${matrix.total} kills of their orchestrators and ${fleet.restarts} of services: ` +
        `${shipped.size} charged and shipped, ${wrong.length} stuck or with the wrong end, ${faults.length} wrong books\n${matrix.table(POINTS)}`,
    );
    expect(wrong.map((chain) => `${orderOf(chain)} ${endOf(chain).status}, killed ${storyOf(linesOf(logOf(chain.folder)))}`)).toEqual([]);
    expect(faults).toEqual([]);
    expect(matrix.total + fleet.restarts).toBeGreaterThanOrEqual(300);
  });
});
