/** Every hook's return value matters: where the driver does not use it, a scenario that uses all hooks ends otherwise. */
import { join } from 'node:path';
import type { whatHooksBringAbout } from '../support/hookScenario.js';
import { builtWith, type Mutant } from '../support/mutants.js';

const LIFECYCLE = 'orchestration/OrchestrationLifecycle.ts';
const PUMP = 'orchestration/EventPump.ts';

const DEFECTS: readonly Mutant[] = [
  {
    defect: 'the order that defineOrchestrationScope gives is not looked at',
    file: LIFECYCLE,
    text: "filter(({ severity }) => severity === 'error');\n    this.judge(",
    instead: "filter(({ severity }) => severity === 'error' && false);\n    this.judge(",
  },
  {
    defect: 'the systems that defineOrchestrationScope gives are not checked',
    file: LIFECYCLE,
    text: 'const checked = await checkSystems(run, scope, named);',
    instead: 'const checked = await checkSystems(run, scope, []);',
  },
  {
    defect: 'the result of coordinateSystemInteractions is dropped',
    file: LIFECYCLE,
    text: 'const [result] = await Promise.all([coordinated, this.pump.run()]);\n    return result;',
    instead: 'await Promise.all([coordinated, this.pump.run()]);\n    return undefined as never;',
  },
  {
    defect: 'consistent: false of manageOrchestrationState is dropped',
    file: LIFECYCLE,
    text: 'return managed.consistent;',
    instead: 'return true;',
  },
  {
    defect: 'the findings of manageOrchestrationState are dropped',
    file: LIFECYCLE,
    text: '[...(managed.findings ?? []), ...compared]',
    instead: '[...compared]',
  },
  {
    defect: 'handled and ignored are one for handleOrchestrationEvents',
    file: PUMP,
    text: 'this.tally[answer] += 1',
    instead: 'this.tally.handled += 1',
  },
  {
    defect: 'a rejection by handleOrchestrationEvents is dropped',
    file: PUMP,
    text: 'this.tally.rejected += 1',
    instead: 'this.tally.handled += 1',
  },
  {
    defect: 'a retry that handleOrchestrationEvents asks for is not made',
    file: PUMP,
    text: 'if (!isRetry(said)) {',
    instead: 'if (true) {',
  },
  {
    defect: 'customizeCoordinationStrategy is not used for the whole',
    file: LIFECYCLE,
    text: 'const coordinated = strategy.coordinate(body, plan)',
    instead: 'const coordinated = body()',
  },
  {
    defect: 'customizeCoordinationStrategy is not used for interactions',
    file: 'orchestration/InteractionDesk.ts',
    text: 'strategy.interact?.(',
    instead: '(undefined as never as typeof strategy).interact?.(',
  },
  {
    defect: 'what customizeStateSynchronization finds is dropped',
    file: LIFECYCLE,
    text: '[...(managed.findings ?? []), ...compared]',
    instead: '[...(managed.findings ?? [])]',
  },
  { defect: 'customizeEventRouting is not used', file: LIFECYCLE, text: 'command.customizeEventRouting?.(plan)', instead: 'undefined' },
  { defect: 'a route that drops is not obeyed', file: PUMP, text: "if (route === 'drop') {", instead: 'if (false) {' },
];

interface Scenario {
  readonly whatHooksBringAbout: typeof whatHooksBringAbout;
}

const SCENARIO = join(__dirname, '..', 'support', 'hookScenario.ts');
const toldBy = async (defect: Mutant | undefined): Promise<unknown> => {
  const scenario = await builtWith<Scenario>(SCENARIO, defect);
  return scenario.whatHooksBringAbout().catch((error: unknown) => String(error));
};

let withoutDefect: Promise<unknown>;
beforeAll(() => {
  withoutDefect = toldBy(undefined);
});

describe('the driver without defects', () => {
  it('uses what every hook gives', async () => {
    expect(await withoutDefect).toMatchObject([
      {
        what: 'plain',
        status: 'completed',
        end: 'worked',
        events: { handled: 2, ignored: 1, dropped: 1, rejected: 1 },
        seen: ['coordinated', 'a1', 'b1', 'c1', 'c2', 'e1'],
        pattern: 'noting',
        systems: ['needed', 'other'],
      },
      { what: 'inconsistent', status: 'failed', end: 'STATE_INCONSISTENT' },
      { what: 'finding', status: 'failed', end: 'STATE_INCONSISTENT', findings: [{ subject: 'needed' }] },
      { what: 'ill', status: 'failed', end: 'SYSTEM_UNAVAILABLE' },
      { what: 'infeasible', status: 'failed', end: 'PLAN_INFEASIBLE' },
      { what: 'differing', status: 'failed', end: 'STATE_INCONSISTENT', findings: [{ subject: 'schema' }] },
      { what: 'refusing strategy', status: 'failed' },
    ]);
  });
});

describe('the scenario shows that', () => {
  it.each(DEFECTS)('$defect', async (defect) => {
    expect(await toldBy(defect)).not.toEqual(await withoutDefect);
  });
});
