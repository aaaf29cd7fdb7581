// Who may import whom. The comments are what a contributor reads when an import breaks a rule.

/** One rule for a layer: it may import itself, the named layers and packages, and Node. */
function layer(name, { layers = [], packages = [], why }) {
  return {
    name: `${name}-imports`,
    comment: why,
    severity: 'error',
    from: { path: `^src/${name}/` },
    to: {
      pathNot: [
        ...[name, ...layers].map((allowed) => `^src/${allowed}/`),
        ...packages.map((allowed) => `(^|/)node_modules/(@types/)?${allowed}/`),
      ],
      dependencyTypesNot: ['core'],
    },
  };
}

const LAYERS = [
  layer('kernel', {
    why:
      'The kernel knows no domain word: it imports itself and Node. What needs a command, a system or a package belongs into a layer above; ' +
      'what the kernel needs from above comes in as a parameter.',
  }),
  layer('abstract', {
    layers: ['kernel'],
    packages: ['class-validator', 'class-transformer', 'reflect-metadata'],
    why:
      'The command base knows neither engines nor orchestration. Add what it needs of them to the port in abstract/DurableRun.ts, ' +
      'which they implement.',
  }),
  layer('systems', {
    layers: ['kernel'],
    packages: ['undici', '@grpc/grpc-js', 'semver', 'lru-cache'],
    why:
      'A system does not know who calls it: no run, command or engine. What an operation needs of its run comes on its `call` ' +
      '(kernel/Call.ts).',
  }),
  layer('engine', {
    layers: ['kernel', 'abstract'],
    packages: ['@restatedev/restate-sdk', 'lru-cache', 'undici'],
    why:
      'An engine drives programs, whatever they are: it does not know systems, orchestration or the container. The host gives it a ' +
      '`Program` that knows them.',
  }),
  layer('orchestration', {
    layers: ['kernel', 'abstract', 'systems'],
    why: 'An orchestration reaches the engine through abstract/DurableRun.ts and the container not at all, so that it runs on every engine.',
  }),
  layer('observability', {
    layers: ['kernel', 'abstract'],
    packages: ['@opentelemetry/api'],
    why:
      'An adapter of abstract/Telemetry.ts listens to runs; it knows neither engines nor commands, and of OpenTelemetry only the API. ' +
      "The SDK is the host application's.",
  }),
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...LAYERS,
    {
      name: 'commands-imports',
      comment:
        'A concrete command is written as a user writes one: on kernel, abstract, systems and orchestration, in a folder of its own. ' +
        'It does not know the engine, the host, the command line or the inside of another command.',
      severity: 'error',
      from: { path: '^src/commands/([^/]+)/' },
      to: { path: '^src/', pathNot: ['^src/(kernel|abstract|systems|orchestration)/', '^src/commands/$1/'] },
    },
    {
      name: 'host-imports',
      comment: 'The host is given commands; it names none, and it does not know by which edge it was started.',
      severity: 'error',
      from: { path: '^src/host/' },
      to: { path: '^src/(commands|cli)/' },
    },
    {
      name: 'cli-imports',
      comment:
        'The command line uses only the doors that a user has: src/index.ts, the host, the index.ts of a command, and that of the Restate ' +
        'engine. ' +
        'If it needs more, a user needs it too: export it from the door.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: ['^src/cli/', '^src/index\\.ts$', '^src/host/', '^src/commands/[^/]+/index\\.ts$', '^src/engine/restate/index\\.ts$'],
      },
    },
    {
      name: 'public-door-imports',
      comment:
        'Importing sixfold must not load commands, the command line, the Restate engine, or a channel with a package of its own; they have ' +
        'doors of their own.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/(commands|cli|engine/restate|systems/channels/(http|grpc))/' },
    },
    {
      name: 'concrete-engine',
      comment:
        'Only the host, and src/index.ts which exports it, names a concrete engine. Everybody else uses the port engine/Engine.ts, so that ' +
        'a command runs on any engine.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/engine/embedded/', '^src/host/', '^src/index\\.ts$'] },
      to: { path: '^src/engine/embedded/' },
    },
    {
      name: 'engines-apart',
      comment: 'What engines share is in engine/run and engine/stores, which know none of them; no engine knows another.',
      severity: 'error',
      from: { path: '^src/engine/(run|stores|embedded|restate)/' },
      to: { path: '^src/engine/(embedded|restate)/', pathNot: '^src/engine/$1/' },
    },
    {
      name: 'restate-door',
      comment:
        'The Restate engine has a door of its own, sixfold/restate, which only an application and the command line go through. Everybody ' +
        'else uses the port engine/Engine.ts, so that a command runs on any engine.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/engine/restate/', '^src/cli/'] },
      to: { path: '^src/engine/restate/' },
    },
    {
      name: 'restate-sdk',
      comment:
        'Only the Restate engine names the SDK of Restate, and loads it in engine/restate/sdk.ts when a worker begins: users need not have it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engine/restate/' },
      to: { path: '(^|/)node_modules/@restatedev/' },
    },
    {
      name: 'winston-in-host',
      comment: 'Only the host names winston. Log through the `Logger` of abstract/Logger.ts, which a winston logger is.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/host/' },
      to: { path: '(^|/)node_modules/winston/' },
    },
    {
      name: 'public-door-is-for-outside',
      comment: 'src/index.ts is for those outside. Import the file that has what you need; a way through the door ends in a cycle.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'own-door',
      comment: 'Nobody imports the index.ts of its own folder: it is the door for others. Import the file that has what you need.',
      severity: 'error',
      from: { path: '^(src/.+)/[^/]+$' },
      to: { path: '^$1/index\\.ts$' },
    },
    {
      name: 'own-command-door',
      comment: 'Inside a command, import the file that has what you need. The index.ts of the command is the door for others.',
      severity: 'error',
      from: { path: '^(src/commands/[^/]+)/.+/' },
      to: { path: '^$1/index\\.ts$' },
    },
    {
      name: 'no-cycle',
      comment:
        'These files import each other in a circle, so none can be read, tested or moved alone; a circle of types counts. ' +
        'Move what both need into a file of its own, or let one take the other as a parameter.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nothing imports this file and it imports nothing. Use it or delete it.',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'This import leads nowhere: the path is wrong, its `.js` is missing, or the package is not installed.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'installed-for-users',
      comment: 'Users do not get devDependencies. Make the package a dependency or a peer dependency; only types may stay.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional', 'type-only'],
      },
    },
  ],
  options: {
    // Types count: a layer that knows a type of another knows the other.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'types', 'default'],
      exportsFields: ['exports'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
