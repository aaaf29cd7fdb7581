/** What the model and the simulation use of the engine, in one place, so that they can be given another build of it. */
export { Compensation } from '../../src/abstract/Compensation.js';
export { silentTelemetry } from '../../src/abstract/Telemetry.js';
export { embeddedEngine } from '../../src/engine/embedded/EmbeddedEngine.js';
export { Carried } from '../../src/kernel/codec/Carried.js';
export { Codec } from '../../src/kernel/codec/Codec.js';
export { OutcomeUnknownError, SixfoldError, TransientError } from '../../src/kernel/errors.js';
export { SecretVault } from '../../src/kernel/SecretVault.js';
export { presentBranch } from '../../src/kernel/whereabouts.js';

/** Any build of it. */
export type EngineUnderTest = typeof import('./engineUnderTest.js');
