/** The options of `sixfold plan` beside those of every command and those of the params. A param keeps its flag; the option of that name is then not there. */
import { type Command, Option } from 'commander';

const FORMATS = ['tree', 'mermaid', 'svg', 'json'] as const;
export type PlanFormat = (typeof FORMATS)[number];

export interface PlanOptions {
  /** Undefined where none was named. */
  readonly format: PlanFormat | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
  readonly against: string | undefined;
}

/** Adds them. Call it after the params were added. */
export function addPlanOptions(leaf: Command): void {
  const offered = {
    format: new Option('--format <form>', 'how the plan is shown (default: tree)').choices(FORMATS),
    out: new Option('--out <file>', 'write it to a file, and print where it is'),
    force: new Option('--force', 'replace the file if it exists'),
    against: new Option(
      '--against <file>',
      'show what changed since the plan in a file that --format json wrote; exit with 1 if that breaks something',
    ),
  } satisfies Record<keyof PlanOptions, Option>;
  const taken = new Set(leaf.options.map(({ long }) => long));
  for (const [name, option] of Object.entries(offered)) {
    if (taken.has(option.long) || (name === 'force' && taken.has('--out'))) continue;
    option.attributeName = () => keyOf(name);
    leaf.addOption(option);
  }
}

export function planOptionsOf(leaf: Command): PlanOptions {
  const given = (name: keyof PlanOptions): unknown => leaf.getOptionValue(keyOf(name));
  return {
    format: given('format') as PlanFormat | undefined,
    out: given('out') as string | undefined,
    force: given('force') === true,
    against: given('against') as string | undefined,
  };
}

/** A key that no field of a params class has. */
function keyOf(name: string): string {
  return `plan ${name}`;
}
