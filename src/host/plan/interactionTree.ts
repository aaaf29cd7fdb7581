import { oneLine } from '../../kernel/text/visibleText.js';
import type { OrchestrationPlan, PlannedInteraction, PlannedSource } from '../../orchestration/plan/OrchestrationPlan.js';
import { waveLine } from './systemTree.js';
import { hanging, limitText, nameColumns } from './textLines.js';

const NAMES = { least: 14, most: 28 };
/** Of a constant so much is shown. */
const CHARACTERS_MAX = 30;

/** The interactions of a graph in their order, with where their inputs come from. Nothing where the code decides. */
export function interactionTree({ interactions, interactionWaves: waves = [], worstMs }: OrchestrationPlan, columns: number): string[] {
  if (!interactions) return [];
  const byName = new Map(interactions.map((node) => [node.name, node]));
  const width = nameColumns(
    interactions.map(({ name }) => name),
    NAMES,
  );
  const linesOf = (name: string): string[] => {
    const node = byName.get(name);
    return node ? hanging(callText(node), { columns, first: `   ${oneLine(name).padEnd(width)} ` }) : [];
  };
  const placed = new Set(waves.flat());
  const stuck = interactions.filter(({ name }) => !placed.has(name));
  return [
    ...hanging(`Interactions${worstMs === undefined ? '' : `, at most ${limitText(worstMs)} by their limits`}`, { columns }),
    ...waves.flatMap((names, index) => [waveLine(names, index), ...names.flatMap(linesOf)]),
    ...(stuck.length === 0 ? [] : ['In no order', ...stuck.flatMap(({ name }) => linesOf(name))]),
  ];
}

/** `payments.charge: total ← price.total, currency = "CHF"; after fraud` */
function callText({ system, operation, after, input }: PlannedInteraction): string {
  const sources = input === undefined || input === 'computed' ? [] : Object.entries(input);
  const given = input === 'computed' ? 'computed' : sources.map(([field, source]) => sourceText(field, source)).join(', ');
  const feeding = new Set(sources.map(([, source]) => (source.kind === 'from' ? source.node : '')));
  const only = after.filter((name) => !feeding.has(name));
  return oneLine(`${system}.${operation}${given === '' ? '' : `: ${given}`}${only.length === 0 ? '' : `; after ${only.join(', ')}`}`);
}

function sourceText(field: string, source: PlannedSource): string {
  if (source.kind === 'from') return `${field} ← ${source.node}${source.path === '' ? '' : `.${source.path}`}`;
  const value = JSON.stringify(source.value) ?? '';
  return `${field} = ${value.length > CHARACTERS_MAX ? `${value.slice(0, CHARACTERS_MAX - 1).toWellFormed()}…` : value}`;
}
