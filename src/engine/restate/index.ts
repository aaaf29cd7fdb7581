/** The door `sixfold/restate`. */
export { type RestateEngineOptions, restateEngine } from './RestateEngine.js';
export type { ListenOptions } from './Worker.js';
