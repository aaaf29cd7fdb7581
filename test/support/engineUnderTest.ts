/** What the model and the simulation use of the engine, in one place, so that they can be given another build of it. */
import { Compensation } from '../../src/abstract/Compensation.js';
import { EffectTrace } from '../../src/abstract/EffectTrace.js';
import { silentTelemetry } from '../../src/abstract/Telemetry.js';
import { embeddedEngine } from '../../src/engine/embedded/EmbeddedEngine.js';
import { Carried } from '../../src/kernel/codec/Carried.js';
import { Codec } from '../../src/kernel/codec/Codec.js';
import { OutcomeUnknownError, TransientError } from '../../src/kernel/errors.js';
import { SecretVault } from '../../src/kernel/SecretVault.js';
import { presentBranch } from '../../src/kernel/whereabouts.js';

export const engineUnderTest = {
  Carried,
  Codec,
  Compensation,
  EffectTrace,
  embeddedEngine,
  OutcomeUnknownError,
  presentBranch,
  SecretVault,
  silentTelemetry,
  TransientError,
};

/** Any build of it. */
export type EngineUnderTest = typeof engineUnderTest;
