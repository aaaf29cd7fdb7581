/** The door `sixfold/opentelemetry`. */

export type { Stopwatch } from './Measurements.js';
export { type OpenTelemetryOptions, openTelemetry } from './openTelemetry.js';
