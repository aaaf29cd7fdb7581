import type { JsonValue } from './JsonValue.js';

/** One import on the way round: the file it stands in and what it is written as. */
export interface Step {
  readonly path: string;
  readonly specifier: string;
}

export interface Cycle {
  /** Begins at the member whose path sorts first; the last imports the first. */
  readonly steps: readonly Step[];
  /** Every import of it is needed when the modules load: none is type-only or dynamic. */
  readonly atLoad: boolean;
}

const NOT_AT_LOAD = ['type-only', 'type-import', 'dynamic-import'];

/** The circular imports in a dependency-cruiser report, each once: a cycle that is told from several of its members is the same. */
export function cyclesIn(report: JsonValue): readonly Cycle[] {
  const specifiers = new Map<string, string>();
  for (const module of report.at('modules').list) {
    const from = module.at('source').text;
    for (const dependency of module.at('dependencies').list) {
      specifiers.set(edge(from, dependency.at('resolved').text), dependency.at('module').text);
    }
  }
  const cycles = new Map<string, Cycle>();
  for (const violation of report.at('summary').at('violations').list) {
    if (!violation.at('cycle').isPresent) continue;
    const cycle = cycleOf(violation, specifiers);
    cycles.set(cycle.steps.map(({ path }) => path).join('\n'), cycle);
  }
  return [...cycles.values()];
}

function cycleOf(violation: JsonValue, specifiers: ReadonlyMap<string, string>): Cycle {
  const members = violation.at('cycle').list;
  // The list names what is imported: the first is imported by `from`, which is the last.
  const paths = members.map((member) => member.at('name').text);
  const start = paths.indexOf([...paths].sort()[0] ?? '');
  const rotated = [...paths.slice(start), ...paths.slice(0, start)];
  return {
    steps: rotated.map((path, index) => ({
      path,
      specifier: specifiers.get(edge(path, rotated[(index + 1) % rotated.length] ?? path)) ?? '',
    })),
    atLoad: !members.some((member) => member.at('dependencyTypes').list.some((type) => NOT_AT_LOAD.includes(type.text))),
  };
}

function edge(from: string, to: string): string {
  return `${from}\n${to}`;
}
