// CommonJS through swc: native ESM is three times slower. ESM-only packages are transformed as well.
const TERMINAL = [
  'log-update',
  'ansi-escapes',
  'cli-cursor',
  'restore-cursor',
  'onetime',
  'mimic-function',
  'environment',
  'slice-ansi',
  'wrap-ansi',
  'strip-ansi',
  'ansi-regex',
  'ansi-styles',
  'string-width',
  'is-fullwidth-code-point',
  'get-east-asian-width',
];
const ESM_ONLY = ['inversify', '@inversifyjs', 'd3-hierarchy', 'commander', ...TERMINAL];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  maxWorkers: 2, // By itself jest leaves one core idle, which is half of a small machine.
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/fixtures/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/dist-examples/', '<rootDir>/test/fixtures/'],
  setupFiles: ['reflect-metadata'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^sixfold$': '<rootDir>/src/index.ts',
    '^sixfold/restate$': '<rootDir>/src/engine/restate/index.ts',
    '^sixfold/channels/(\\w+)$': '<rootDir>/src/systems/channels/$1/index.ts',
  },
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, useDefineForClassFields: true },
          target: 'es2022',
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')})/)`],
};
