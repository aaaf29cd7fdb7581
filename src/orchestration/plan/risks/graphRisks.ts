import type { Class } from '../../../kernel/Class.js';
import type { PlanDraft } from '../PlanDraft.js';
import type { GraphNode, PlannedGraph } from '../PlannedGraph.js';
import { mayHave, ruledFieldsOf } from '../plannedFields.js';
import { type Risk, risk } from '../Risk.js';

/** Of interactions that are given as data. */
export function graphRisks(draft: PlanDraft): Risk[] {
  const { graph } = draft;
  if (!graph) return [];
  const found = graph.cycles.map((path) => risk('graph-cycle', path[0] ?? '', `nodes wait for one another: ${path.join(' after ')}`));
  const paths = new KnownPaths();
  for (const node of graph.nodes.values()) {
    const call = draft.calls.get(node.given.call);
    if (call) findInputRisks(node, call.declared.input, found);
    else found.push(risk('graph-call-unknown', node.name, `${node.name} calls "${node.given.call}", which is no operation of the scope`));
    findUnknownNodes(node, graph, found);
    findUnknownPaths(node, draft, paths, found);
  }
  return found;
}

function findUnknownNodes({ given, name, references }: GraphNode, { nodes }: PlannedGraph, found: Risk[]): void {
  const look = (node: string, where: string, subject: string): void => {
    if (!nodes.has(node))
      found.push(risk('graph-node-unknown', subject, `${where} of ${name} names "${node}", which is no node of the graph`));
  };
  for (const node of given.after ?? []) look(node, '`after`', name);
  for (const { field, node } of references) look(node, field, `${name}.${field}`);
}

/** Of fields of the mapping; what a function makes is not known. */
function findInputRisks({ given, name }: GraphNode, input: Class<object> | undefined, found: Risk[]): void {
  if (typeof given.input === 'function') return;
  const mapped = Object.keys(given.input ?? {});
  if (!input) {
    for (const field of mapped) {
      found.push(risk('mapping-unknown', `${name}.${field}`, `${given.call} takes no input, and ${name} gives ${field}`));
    }
    return;
  }
  const fields = ruledFieldsOf(input);
  for (const { name: field, optional } of fields) {
    if (optional || mapped.includes(field)) continue;
    found.push(risk('mapping-missing', `${name}.${field}`, `${given.call} needs ${field}, which ${name} does not give`));
  }
  if (fields.length === 0) return;
  for (const field of mapped) {
    if (fields.some((one) => one.name === field)) continue;
    found.push(risk('mapping-unknown', `${name}.${field}`, `${name} gives ${field}, which the input of ${given.call} does not have`));
  }
}

function findUnknownPaths({ name, references }: GraphNode, { graph, calls }: PlanDraft, paths: KnownPaths, found: Risk[]): void {
  for (const { field, node, path } of references) {
    const producer = graph?.nodes.get(node)?.given.call;
    const declared = producer === undefined ? undefined : calls.get(producer)?.declared;
    if (!declared || paths.mayHave(declared.output as Class<object> | undefined, path)) continue;
    const what = declared.output ? `has no ${path}` : 'gives nothing';
    found.push(risk('mapping-unknown', `${name}.${field}`, `${field} of ${name} comes from ${node}, and ${producer} ${what}`));
  }
}

/** Which paths outputs may have: most nodes of a graph ask for the same few. */
class KnownPaths {
  private readonly known = new Map<Class<object>, Map<string, boolean>>();

  mayHave(type: Class<object> | undefined, path: string): boolean {
    if (!type) return false;
    let paths = this.known.get(type);
    if (!paths) {
      paths = new Map();
      this.known.set(type, paths);
    }
    let may = paths.get(path);
    if (may === undefined) {
      may = mayHave(type, path);
      paths.set(path, may);
    }
    return may;
  }
}
