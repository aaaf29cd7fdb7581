/**
 * What comes to a run from outside while it is loaded: recorded at once, to be delivered in order with what else happens.
 *
 * Does not own: the records, the order. Whoever calls has seen that the run is open.
 */
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Signal } from '../Engine.js';
import type { ChildOutcome } from './ChildOutcome.js';
import type { Deliveries } from './Deliveries.js';
import type { ExecutionParts } from './ExecutionParts.js';
import type { Facilities } from './Facilities.js';

export class Arrivals {
  constructor(
    private readonly parts: ExecutionParts,
    private readonly facilities: Facilities,
    private readonly deliveries: Deliveries,
  ) {}

  cancel(reason: string): void {
    const { log, clock, secrets } = this.parts;
    this.deliveries.add(log.append({ kind: 'cancel-requested', at: clock.now(), label: secrets.redact(reason) }));
  }

  override(gate: string, { by, reason }: GateOverride): void {
    const { log, clock, codec } = this.parts;
    const body = codec.encode({ by, reason }, 'an override');
    this.facilities.waits.take(log.append({ kind: 'gate-overridden', at: clock.now(), label: gate, body }));
  }

  /** Nothing happens when it came before. */
  signal({ name, value, token }: Signal): void {
    const { log, clock } = this.parts;
    if (this.facilities.waits.knows('signal', token)) return;
    this.facilities.waits.take(log.append({ kind: 'signal', at: clock.now(), step: token, label: name, body: value }));
    this.deliveries.nudge();
  }

  /** A step waits for the run that it began. */
  awaitsChild(step: string): boolean {
    return this.facilities.children.some(({ identity }) => identity === step);
  }

  childEnded(step: string, outcome: ChildOutcome): void {
    this.facilities.steps.childEnded(step, outcome);
  }
}
