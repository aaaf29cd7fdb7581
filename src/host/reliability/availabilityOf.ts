import type { OperationReliability } from './OperationReliability.js';

/** Share of the attempts to call each system that were answered, over all its operations. */
export function availabilityOf(figures: readonly OperationReliability[]): Readonly<Record<string, number>> {
  const calls = Map.groupBy(
    figures.filter(({ kind, attempts }) => kind === 'operation' && attempts > 0),
    ({ system }) => system,
  );
  return Object.fromEntries([...calls].map(([system, all]) => [system, sum(all, 'answered') / sum(all, 'attempts')]));
}

function sum(all: readonly OperationReliability[], field: 'answered' | 'attempts'): number {
  return all.reduce((total, one) => total + one[field], 0);
}
