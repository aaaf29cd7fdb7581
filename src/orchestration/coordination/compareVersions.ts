import type { StateFinding } from '../../abstract/RunReport.js';
import type { ObservedState, StateSynchronization } from '../strategies.js';

/** The standard synchronisation: systems that show the same key must show the same version of it. */
export function compareVersions(): StateSynchronization {
  return {
    name: 'compare-versions',
    async synchronize(observed) {
      const byKey = Map.groupBy(observed, ({ key }) => key);
      return [...byKey].flatMap(([key, states]) => differencesOf(key, states));
    },
  };
}

function differencesOf(key: string, [first, ...others]: readonly ObservedState[]): StateFinding[] {
  if (!first) return [];
  return others
    .filter(({ version }) => version !== first.version)
    .map((other) => ({
      subject: `${other.system}: ${key}`,
      expected: `version ${first.version}, as ${first.system} has it`,
      found: `version ${other.version}`,
      severity: 'error',
    }));
}
