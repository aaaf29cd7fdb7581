/** The colours of heat: steps that end where the levels of a hotspot begin, so that the picture and the table agree. */
import { HEAT_MIN } from '../../synthesis/hotspots.js';

export interface HeatStep {
  /** Class name in the style sheet. */
  readonly name: string;
  readonly min: number;
  readonly meaning: string;
}

const STEPS: readonly HeatStep[] = [
  { name: 'h5', min: HEAT_MIN.error, meaning: `error, from ${HEAT_MIN.error}` },
  { name: 'h4', min: (HEAT_MIN.warning + HEAT_MIN.error) / 2, meaning: '' },
  { name: 'h3', min: HEAT_MIN.warning, meaning: `warning, from ${HEAT_MIN.warning}` },
  { name: 'h2', min: (HEAT_MIN.note + HEAT_MIN.warning) / 2, meaning: '' },
  { name: 'h1', min: HEAT_MIN.note, meaning: `note, from ${HEAT_MIN.note}` },
];
const COLD: HeatStep = { name: 'h0', min: 0, meaning: 'no hotspot' };

/** Coldest first. */
export const HEAT_SCALE: readonly HeatStep[] = [COLD, ...STEPS.toReversed()];

export function heatClass(heat: number): string {
  return (STEPS.find((step) => heat >= step.min) ?? COLD).name;
}
