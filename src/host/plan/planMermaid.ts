import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import { mermaidText } from './mermaidText.js';
import { planChart } from './planChart.js';

/** A plan as text of Mermaid, which code hosts draw in Markdown. Names are escaped, whatever they hold. */
export function planMermaid(plan: OrchestrationPlan): string {
  return mermaidText(planChart(plan), { title: escaped, line: escaped });
}

function escaped(text: string): string {
  return text.replace(/["#&<>`;*~\\[\]{}|]/g, (character) => `#${character.codePointAt(0)};`);
}
