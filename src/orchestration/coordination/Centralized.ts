import { UsageError } from '../../kernel/errors.js';
import type { OrchestrationPlan } from '../OrchestrationPlan.js';
import type { CoordinationStrategy } from '../strategies.js';

/** Interactions that wait for a place, first come first served. */
class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}

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
      const places = placesOf.get(plan) ?? new Places(concurrencyMax);
      placesOf.set(plan, places);
      await places.take();
      try {
        return await next();
      } finally {
        places.give();
      }
    },
  };
}
