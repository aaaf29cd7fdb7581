import type { Class } from '../../../kernel/Class.js';
import type { PlanDraft } from '../PlanDraft.js';
import { mayHave, ruledFieldsOf } from '../plannedFields.js';
import type { GraphNode, PlacedReference } from '../plannedGraph.js';
import { type Risk, risk } from '../Risk.js';

/** Of interactions that are given as data. */
export function graphRisks(draft: PlanDraft): Risk[] {
  const { graph } = draft;
  if (!graph) return [];
  const circles = graph.layers.cycles.map((path) =>
    risk('graph-cycle', path[0] ?? '', `nodes wait for one another: ${path.join(' after ')}`),
  );
  return [...circles, ...[...graph.nodes.values()].flatMap((node) => nodeRisks(node, draft))];
}

function nodeRisks(node: GraphNode, draft: PlanDraft): Risk[] {
  const { given, planned } = node;
  const call = draft.calls.get(given.call);
  const unknownCall = risk('graph-call-unknown', planned.name, `${planned.name} calls "${given.call}", which is no operation of the scope`);
  return [...(call ? inputRisks(node, call.declared.input) : [unknownCall]), ...unknownNodes(node, draft), ...unknownPaths(node, draft)];
}

function unknownNodes({ given, planned, references }: GraphNode, { graph }: PlanDraft): Risk[] {
  const unknown = (subject: string, where: string, node: string): Risk[] =>
    graph?.nodes.has(node)
      ? []
      : [risk('graph-node-unknown', subject, `${where} of ${planned.name} names "${node}", which is no node of the graph`)];
  return [
    ...(given.after ?? []).flatMap((node) => unknown(planned.name, '`after`', node)),
    ...references.flatMap(({ field, node }) => unknown(`${planned.name}.${field}`, field, node)),
  ];
}

/** Of fields of the mapping; what a function makes is not known. */
function inputRisks({ given, planned }: GraphNode, input: Class<object> | undefined): Risk[] {
  if (typeof given.input === 'function') return [];
  const mapped = Object.keys(given.input ?? {});
  const subject = (field: string): string => `${planned.name}.${field}`;
  if (!input)
    return mapped.map((field) =>
      risk('mapping-unknown', subject(field), `${given.call} takes no input, and ${planned.name} gives ${field}`),
    );
  const fields = ruledFieldsOf(input);
  const missing = fields.filter(({ name, optional }) => !optional && !mapped.includes(name));
  const unknown = fields.length === 0 ? [] : mapped.filter((field) => !fields.some(({ name }) => name === field));
  return [
    ...missing.map(({ name }) =>
      risk('mapping-missing', subject(name), `${given.call} needs ${name}, which ${planned.name} does not give`),
    ),
    ...unknown.map((field) =>
      risk('mapping-unknown', subject(field), `${planned.name} gives ${field}, which the input of ${given.call} does not have`),
    ),
  ];
}

function unknownPaths({ planned, references }: GraphNode, { graph, calls }: PlanDraft): Risk[] {
  return references.flatMap(({ field, node, path }: PlacedReference) => {
    const producer = graph?.nodes.get(node)?.given.call;
    const declared = producer === undefined ? undefined : calls.get(producer)?.declared;
    if (!declared || (declared.output && mayHave(declared.output as Class<object>, path))) return [];
    const what = declared.output ? `has no ${path}` : 'gives nothing';
    return [risk('mapping-unknown', `${planned.name}.${field}`, `${field} of ${planned.name} comes from ${node}, and ${producer} ${what}`)];
  });
}
