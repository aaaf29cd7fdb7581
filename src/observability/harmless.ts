import { diag } from '@opentelemetry/api';

/**
 * Calls into an SDK. What the host's sampler, processor or reader throws must not change the course of a run, so it is
 * told to OpenTelemetry's own diagnostics, which a host listens to with `diag.setLogger`.
 */
export function harmless<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch (error) {
    diag.error('The telemetry of a run is incomplete, because the SDK threw.', error);
    return otherwise;
  }
}
