/**
 * What the nodes of one run of a graph gave.
 *
 * Owns: outputs, and what each absence goes back to. Does not own: the order, the calls. Invariant: nobody is handed the output of a node
 * that it does not wait for, so what it makes of it does not depend on which came first.
 */
import { UsageError } from '../../kernel/errors.js';
import { Absent } from '../Absent.js';
import type { GraphResults, InteractionNode } from './InteractionGraph.js';

/** Thrown through an input function that asks for what is absent. */
export class AbsentSource extends Error {
  constructor(readonly origin: Absent) {
    super(origin.reason);
  }
}

export class GraphOutputs {
  private readonly outputs = new Map<string, unknown>();
  private readonly origins = new Map<string, Absent>();
  private readonly nodes: ReadonlySet<string>;

  constructor(nodes: Iterable<string>) {
    this.nodes = new Set(nodes);
  }

  get size(): number {
    return this.outputs.size;
  }

  of(node: string): unknown {
    return this.outputs.get(node);
  }

  add(node: string, output: unknown): void {
    this.outputs.set(node, output);
    if (output instanceof Absent) this.origins.set(node, output);
  }

  /** A node is not called, since its input comes from one that is absent. @returns its output */
  leaveOut(name: string, { call }: InteractionNode, origin: Absent): Absent {
    const reason = `not called, as its input comes from ${origin.system}, which is absent: ${origin.reason}`;
    const absent = new Absent(`${name} (${call})`, reason);
    this.outputs.set(name, absent);
    this.origins.set(name, origin); // Not the one before: reasons would grow with the way.
    return absent;
  }

  /** What the first absent one of them goes back to. */
  absenceAmong(nodes: Iterable<string>): Absent | undefined {
    if (this.origins.size === 0) return undefined;
    for (const node of nodes) {
      const origin = this.origins.get(node);
      if (origin) return origin;
    }
    return undefined;
  }

  /** For the input function of a node. @param before the nodes that it waits for */
  seenBy(user: string, before: ReadonlySet<string>): GraphResults {
    const refuse = (node: string): string | undefined => {
      if (before.has(node)) return undefined;
      return this.nodes.has(node) ? `"${user}" does not name it in \`after\`` : 'it is no node of the graph';
    };
    return this.view(`The input of "${user}"`, refuse, (node, absent) => {
      throw new AbsentSource(this.origins.get(node) ?? absent);
    });
  }

  /** For `aggregateResults`. */
  get all(): GraphResults {
    const refuse = (node: string): string | undefined => (this.nodes.has(node) ? undefined : 'it is no node of the graph');
    return this.view('aggregateResults', refuse, (node, { reason }) => {
      throw misuse(
        `aggregateResults asks for the output of "${node}", which is absent: ${reason}. Ask \`done.absent("${node}")\` first.`,
        node,
      );
    });
  }

  private view(
    user: string,
    refuse: (node: string) => string | undefined,
    refuseAbsent: (node: string, absent: Absent) => never,
  ): GraphResults {
    const known = (node: string): unknown => {
      const why = refuse(node);
      if (why === undefined) return this.outputs.get(node);
      throw misuse(`${user} asks for the output of "${node}", and ${why}.`, node);
    };
    return {
      get: <T>(node: string): T => {
        const output = known(node);
        return output instanceof Absent ? refuseAbsent(node, output) : (output as T); // What its operation gives, the author knows.
      },
      absent: (node) => {
        const output = known(node);
        return output instanceof Absent ? output : undefined;
      },
    };
  }
}

function misuse(message: string, node: string): UsageError {
  return new UsageError('GRAPH_INVALID', message, { details: { node } });
}
