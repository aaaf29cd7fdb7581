/** The names of what spans and metrics say. Users' dashboards and alerts are written with them. */
export const ATTRIBUTES = {
  command: 'sixfold.command.name',
  version: 'sixfold.command.version',
  runId: 'sixfold.run.id',
  runResumed: 'sixfold.run.resumed',
  runStatus: 'sixfold.run.status',
  phase: 'sixfold.phase',
  gate: 'sixfold.gate.name',
  gatePassed: 'sixfold.gate.passed',
  gateSeverity: 'sixfold.gate.severity',
  gateOverridden: 'sixfold.gate.overridden',
  step: 'sixfold.step.name',
  stepEffect: 'sixfold.step.effect',
  stepStatus: 'sixfold.step.status',
  attempt: 'sixfold.attempt.number',
  attemptStatus: 'sixfold.attempt.status',
  reason: 'sixfold.reason',
} as const;
