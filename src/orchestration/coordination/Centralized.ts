import { UsageError } from '../../kernel/errors.js';
import { Places } from '../../kernel/Places.js';
import type { OrchestrationPlan } from '../plan/OrchestrationPlan.js';
import type { CoordinationStrategy } from '../strategies.js';

export interface CentralizedOptions {
  /** Interactions under way at once. @default 64 */
  readonly concurrencyMax?: number;
}

/**
 * The standard strategy: the command decides, interactions run as parallel as its code has them, within one limit.
 *
 * @throws UsageError `STRATEGY_INVALID` for a limit below one.
 */
export function centralized({ concurrencyMax = 64 }: CentralizedOptions = {}): CoordinationStrategy {
  if (!Number.isInteger(concurrencyMax) || concurrencyMax < 1) {
    throw new UsageError(
      'STRATEGY_INVALID',
      `centralized({ concurrencyMax: ${concurrencyMax} }): at least one interaction must be allowed at a time.`,
      {
        details: { concurrencyMax },
      },
    );
  }
  const placesOf = new WeakMap<OrchestrationPlan, Places>();
  return {
    name: 'centralized',
    coordinate: (body) => body(),
    async interact(_interaction, next, plan) {
      let places = placesOf.get(plan);
      if (!places) {
        places = new Places(concurrencyMax);
        placesOf.set(plan, places);
      }
      await places.take();
      try {
        return await next();
      } finally {
        places.give();
      }
    },
  };
}
