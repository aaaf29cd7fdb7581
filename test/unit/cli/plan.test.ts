/** `sixfold plan`: its options beside those of a command, the file that it compares with, and how it tells what changed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { differencesText } from '../../../src/cli/plan/differencesText.js';
import { earlierPlan } from '../../../src/cli/plan/earlierPlan.js';
import { addPlanOptions, planOptionsOf } from '../../../src/cli/plan/planOptions.js';
import type { OrchestrationPlan } from '../../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PLAN: OrchestrationPlan = {
  command: 'place-order',
  pattern: 'centralized',
  systems: [
    {
      name: 'mailer',
      system: 'Mailer',
      version: '1.0.0',
      protocol: 'http',
      optional: false,
      requires: [],
      operations: [{ name: 'send', effect: 'once', attemptsMax: 1, input: [{ name: 'to', type: 'text', required: true }] }],
    },
  ],
  waves: [['mailer']],
  compensation: { order: 'reverse' },
  constraints: {},
  events: [],
  risks: [],
};

describe('the plan in a file', () => {
  function written(text: string): string {
    const file = join(folder, 'plan.json');
    writeFileSync(file, text);
    return file;
  }

  it('is read as it was written', () => {
    expect(earlierPlan(written(JSON.stringify(PLAN)))).toEqual(PLAN);
  });

  it('may be of a version that knew less', () => {
    const { compensation: _compensation, constraints: _constraints, ...older } = PLAN;
    expect(earlierPlan(written(JSON.stringify(older)))).toEqual(PLAN);
  });

  const [mailer] = PLAN.systems;
  it.each<readonly [string, string, RegExp]>([
    ['no JSON', '{ "command": ', /plan\.json is not JSON: /],
    ['an outcome', '{ "status": "completed" }', /plan\.json is no plan\. Give a file that `sixfold plan --format json` wrote\./],
    ['nothing', 'null', /is no plan/],
    ['systems that are none', JSON.stringify({ ...PLAN, systems: [{ ...mailer, operations: 'send' }] }), /is no plan/],
    ['an operation without effect', JSON.stringify({ ...PLAN, systems: [{ ...mailer, operations: [{ name: 'send' }] }] }), /is no plan/],
    [
      'fields that are none',
      JSON.stringify({ ...PLAN, systems: [{ ...mailer, operations: [{ name: 'send', effect: 'once', input: [{ name: 'to' }] }] }] }),
      /is no plan/,
    ],
    ['interactions that are none', JSON.stringify({ ...PLAN, interactions: [{ name: 'told' }] }), /is no plan/],
    ['constraints that are none', JSON.stringify({ ...PLAN, constraints: 7 }), /is no plan/],
  ])('is refused when it holds %s', (_what, text, message) => {
    expect(() => earlierPlan(written(text))).toThrow(
      expect.objectContaining({ code: 'CONTRACT_NOT_READ', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['a file that is not there', join(folder, 'nowhere.json')],
    ['a folder', folder],
  ])('is refused when it is %s', (_what, file) => {
    expect(() => earlierPlan(file)).toThrow(
      expect.objectContaining({ code: 'CONTRACT_NOT_READ', message: expect.stringContaining(`${file} cannot be read: `) }),
    );
  });
});

describe('what changed', () => {
  it('is told with the breaking changes first', () => {
    const differences = [
      { subject: 'mailer', what: 'version', before: '1.0.0', after: '1.1.0', breaking: false },
      { subject: 'mailer.send', what: 'input cc', after: 'required text', breaking: true },
      { subject: 'mailer.post', what: 'operation', before: 'once', breaking: true },
    ];
    expect(differencesText(differences, 'old.json')).toBe(`3 changes since old.json, 2 of them breaking.

breaking  mailer.send  input cc   new: required text
breaking  mailer.post  operation  gone: once
          mailer       version    1.0.0 → 1.1.0
`);
  });

  it('is nothing, or one', () => {
    expect(differencesText([], 'old.json')).toBe('Nothing changed since old.json.\n');
    expect(differencesText([{ subject: 'plan', what: 'pattern', after: 'b', breaking: false }], 'x')).toMatch(
      /^1 change since x, 0 of them breaking\./,
    );
  });
});

describe('the options of the plan', () => {
  function parsed(own: readonly Option[], ...args: readonly string[]) {
    const leaf = new Command('plan').exitOverride().configureOutput({ writeErr: () => undefined });
    for (const option of own) leaf.addOption(option);
    addPlanOptions(leaf);
    leaf.action(() => undefined).parse(args, { from: 'user' });
    return { plan: planOptionsOf(leaf), own: leaf.opts() };
  }

  it('are read', () => {
    const { plan } = parsed([], '--format', 'svg', '--out', 'a.svg', '--force', '--against', 'b.json');
    expect(plan).toEqual({ format: 'svg', out: 'a.svg', force: true, against: 'b.json' });
    expect(parsed([]).plan).toEqual({ format: undefined, out: undefined, force: false, against: undefined });
    expect(() => parsed([], '--format', 'png')).toThrow(/Allowed choices are tree, mermaid, svg, json/);
  });

  it('leave a field of the params its flag', () => {
    const { plan, own } = parsed([new Option('-o, --out <dir>')], '--out', 'report', '--format', 'json');
    expect({ plan, out: own.out }).toEqual({ plan: { format: 'json', out: undefined, force: false, against: undefined }, out: 'report' });
    expect(() => parsed([new Option('--out <dir>')], '--force')).toThrow(/unknown option '--force'/);
  });
});
