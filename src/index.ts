/** The public door. */
import 'reflect-metadata';

export { AbstractCommand, type AnyCommand, type ParamsOf, type ResultOf, type Sealed } from './abstract/AbstractCommand.js';
export type { CommandContext, StepOptions } from './abstract/CommandContext.js';
export {
  type CommandSpec,
  command,
  type Presentation,
  type RegisteredCommand,
  registeredCommand,
  type Terminal,
} from './abstract/command.js';
export { type Default, type FieldSpec, field, type InputOf } from './abstract/field.js';
export type { Logger } from './abstract/Logger.js';
export { PHASES, type Phase } from './abstract/Phase.js';
export { PlainCommand } from './abstract/PlainCommand.js';
export { type FieldType, type ParamsField, paramsFieldsOf, type Violation } from './abstract/params.js';
export type { RunReport, StateFinding } from './abstract/RunReport.js';
export type {
  EndedRun,
  Engine,
  EngineSetup,
  Program as EngineProgram,
  RunEvent,
  RunHandle,
  RunHistory,
  RunState,
  RunSummary,
  StartedRun,
  StartRequest,
} from './engine/Engine.js';
export { type EmbeddedEngineOptions, embeddedEngine } from './engine/embedded/EmbeddedEngine.js';
export type { EndStatus, JournalRecord, RecordKind, StepStatus } from './engine/Record.js';
export { CommandRunner, type ExecuteOptions, type Run, type RunRecord } from './host/CommandRunner.js';
export type { Outcome, Trouble } from './host/Outcome.js';
export { type SixfoldOptions, type StartOptions, sixfoldModule, startSixfold } from './host/sixfold.js';
export type { Call, Effect } from './kernel/Call.js';
export type { Class } from './kernel/Class.js';
export type { Clock } from './kernel/Clock.js';
export { ERROR_CODES, type ErrorCode, type ErrorCodeEntry, type ErrorGroup } from './kernel/codes.js';
export {
  CancelledError,
  CommandFailure,
  type ErrorOptions,
  InvariantViolation,
  OutcomeUnknownError,
  SixfoldError,
  TimeoutError,
  TransientError,
  UsageError,
} from './kernel/errors.js';
export { sixfoldVersion } from './kernel/sixfoldVersion.js';
export { Absent } from './orchestration/Absent.js';
export { type CentralizedOptions, centralized } from './orchestration/coordination/Centralized.js';
export { compareVersions } from './orchestration/coordination/compareVersions.js';
export { routeBySource } from './orchestration/coordination/routeBySource.js';
export type {
  CoordinationResults,
  EventContext,
  EventCounts,
  EventHandlingResults,
  EventOf,
  InteractionRecord,
  Interactions,
  Planning,
  StateContext,
  StateManagementResults,
  SystemsOf,
} from './orchestration/hooks.js';
export { OrchestrationCommand } from './orchestration/OrchestrationCommand.js';
export type { OrchestrationPlan, PlannedOperation, PlannedSystem, Risk } from './orchestration/OrchestrationPlan.js';
export type { OrchestrationReport } from './orchestration/OrchestrationReport.js';
export {
  type CallOptions,
  type EventClasses,
  type OrchestrationScope,
  type Participant,
  type Participants,
  scope,
} from './orchestration/scope.js';
export type {
  CoordinationStrategy,
  EventRouting,
  Interaction,
  ObservedState,
  RoutedEvent,
  StateSynchronization,
} from './orchestration/strategies.js';
export { ProcessChannel, type ProcessChannelOptions, type Program, type ProgramOutput } from './systems/channels/ProcessChannel.js';
export { type OperationSpec, operation, type Policy } from './systems/operation.js';
export { type StateObservation, System, type SystemSpec, system } from './systems/System.js';
