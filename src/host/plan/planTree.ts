import { oneLine } from '../../kernel/text/visibleText.js';
import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import type { Risk } from '../../orchestration/plan/Risk.js';
import { interactionTree } from './interactionTree.js';
import { systemTree } from './systemTree.js';
import { hanging, limitText } from './textLines.js';

export interface PlanTreeOptions {
  /** Wider only where a single word is. @default 80 */
  readonly columns?: number;
}

const CODE_DECIDES = 'The code of the command decides which operations are called, and how often.';

/** A plan as text for a terminal: what is used in which order, what is called with what, and what can go wrong. */
export function planTree(plan: OrchestrationPlan, { columns = 80 }: PlanTreeOptions = {}): string {
  const { command, pattern, systems, risks } = plan;
  const count = systems.length === 1 ? '1 system' : `${systems.length} systems`;
  const parts = [
    hanging(oneLine(`${command}, ${pattern} coordination of ${count}. Nothing was executed.`), { columns }),
    systemTree(plan, columns),
    interactionTree(plan, columns),
    ruleLines(plan, columns),
    risks.length === 0 ? [] : ['Risks', ...riskLines(risks, columns)],
    plan.interactions ? [] : hanging(CODE_DECIDES, { columns }),
  ];
  const shown = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${shown.join('\n\n')}\n`;
}

/** What holds for the run as a whole. */
function ruleLines({ pivot, compensation, constraints, events }: OrchestrationPlan, columns: number): string[] {
  const { latencyMsMax, availabilityMin, severity } = constraints;
  const kept = [
    ...(latencyMsMax === undefined ? [] : [`at most ${limitText(latencyMsMax)}`]),
    ...(availabilityMin === undefined ? [] : [`at least ${Math.round(availabilityMin * 1e6) / 1e4} % of the calls answered`]),
  ];
  const undone = `${compensation.order === 'reverse' ? 'newest first' : 'all at once'}${compensation.on ? `, after ${compensation.on.join(', ')}` : ''}`;
  const rules = [
    ['Pivot', pivot && `${pivot}: before it a failure is undone, behind it nothing is`],
    ['Undone', compensation.order === 'parallel' || compensation.on ? undone : ''],
    ['Keeps to', kept.length > 0 ? `${kept.join(', ')}, or ${severity === 'error' ? 'the run fails' : 'it is a finding'}` : ''],
    ['Events', events.join(', ')],
  ] as const;
  return rules.flatMap(([name, text]) => (text ? hanging(oneLine(text), { columns, first: `${name.padEnd(9)} ` }) : []));
}

/** Those of a kind together, with what happens then and what to do about it. */
function riskLines(risks: readonly Risk[], columns: number): string[] {
  const byCode = [...Map.groupBy(risks, ({ code }) => code).values()];
  const errorsFirst = byCode.toSorted((one, other) => rankOf(one) - rankOf(other));
  return errorsFirst.flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    return [
      `   ${first.severity}: ${first.code}`,
      ...alike.flatMap(({ reason }) => hanging(oneLine(reason), { columns, first: '   - ', next: '     ' })),
      ...hanging(first.scenario, { columns, first: '     then: ' }),
      ...hanging(first.answer, { columns, first: '     do:   ' }),
    ];
  });
}

function rankOf([first]: readonly Risk[]): number {
  return first?.severity === 'error' ? 0 : 1;
}
