/** `sixfold plan`: what a command would do, as text, drawing or data, or what changed of it. Writes nothing but the file that is named. */
import type { Command } from 'commander';
import { planDifferences } from '../../host/plan/planDifferences.js';
import { planMermaid } from '../../host/plan/planMermaid.js';
import { planSvg } from '../../host/plan/planSvg.js';
import { planTree } from '../../host/plan/planTree.js';
import type { OrchestrationPlan } from '../../index.js';
import { EXIT } from '../exitCodes.js';
import { jsonText } from '../jsonText.js';
import { writeNew } from '../writeNew.js';
import { differencesText } from './differencesText.js';
import { earlierPlan } from './earlierPlan.js';
import { type PlanFormat, planOptionsOf } from './planOptions.js';

const WRITERS: Readonly<Record<PlanFormat, (plan: OrchestrationPlan, columns: number) => string | Promise<string>>> = {
  tree: (plan, columns) => planTree(plan, { columns }),
  mermaid: planMermaid,
  svg: planSvg,
  json: jsonText,
};

/** In a pipe, and in a file. */
const COLUMNS = 80;
const COLUMNS_MIN = 40;

/**
 * Prints, or writes to the file that was named.
 *
 * @param planned makes the plan; not called when the flags are refused
 * @returns the exit code
 * @throws UsageError `CONTRACT_NOT_READ`, `RECORD_NOT_WRITTEN`
 */
export async function showPlan(leaf: Command, json: boolean, planned: () => Promise<OrchestrationPlan>): Promise<number> {
  const { format = json ? 'json' : 'tree', out, force, against } = planOptionsOf(leaf);
  if (json && format !== 'json') leaf.error(`error: --json and --format ${format} exclude each other: --json is --format json`);
  const said = against === undefined ? await shown(await planned(), format, out) : await compared(leaf, { format, file: against, planned });
  if (out !== undefined) writeNew(out, said.text, force);
  process.stdout.write(out === undefined ? said.text : `${out}\n`);
  return said.code;
}

interface Said {
  readonly text: string;
  readonly code: number;
}

async function shown(plan: OrchestrationPlan, format: PlanFormat, out: string | undefined): Promise<Said> {
  const columns = out === undefined ? Math.max(process.stdout.columns ?? COLUMNS, COLUMNS_MIN) : COLUMNS;
  return { text: await WRITERS[format](plan, columns), code: EXIT.done };
}

interface Comparison {
  readonly format: PlanFormat;
  readonly file: string;
  readonly planned: () => Promise<OrchestrationPlan>;
}

async function compared(leaf: Command, { format, file, planned }: Comparison): Promise<Said> {
  if (format !== 'tree' && format !== 'json') {
    leaf.error(`error: --against and --format ${format} exclude each other: changes are shown as text, or with --format json`);
  }
  const differences = planDifferences(earlierPlan(file), await planned());
  return {
    text: format === 'json' ? jsonText(differences) : differencesText(differences, file),
    code: differences.some(({ breaking }) => breaking) ? EXIT.notAccepted : EXIT.done,
  };
}
