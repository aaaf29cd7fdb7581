/** The public door. */
import 'reflect-metadata';

export { AbstractCommand, type AnyCommand, type Sealed } from './abstract/AbstractCommand.js';
export type { AccessRequest, AccessVerdict, Authorizer } from './abstract/Authorizer.js';
export type {
  BranchOptions,
  ChildOptions,
  CommandContext,
  GateCheck,
  GateFinding,
  GateOptions,
  Reversal,
  SignalOptions,
  StepOptions,
} from './abstract/CommandContext.js';
export { CommandMiddleware, type Ending, type Invocation } from './abstract/CommandMiddleware.js';
export {
  type CommandSpec,
  command,
  type Presentation,
  type RegisteredCommand,
  registeredCommand,
  type Terminal,
} from './abstract/command.js';
export { type Default, type FieldSpec, field, type InputOf } from './abstract/field.js';
export { PHASES, type Phase, type PhaseTimeouts } from './abstract/Phase.js';
export { PlainCommand } from './abstract/PlainCommand.js';
export type { PhaseWeights } from './abstract/ProgressMeter.js';
export { type FieldType, type ParamsField, paramsFieldsOf, type Violation } from './abstract/params.js';
export type { QueueSpec } from './abstract/QueueSpec.js';
export type { RunEvent, RunHappening, RunProgress } from './abstract/RunEvent.js';
export type { RunReport, StateFinding, StepStatistics } from './abstract/RunReport.js';
export type { RunWait } from './abstract/RunWait.js';
export type { AttemptTrace, RunTrace, StepTrace, Telemetry, TracedGate, TracedRun } from './abstract/Telemetry.js';
export type { ActivityRecord, GateOverride, GateRecord, PhaseRecord } from './abstract/Timeline.js';
export type { ParamsOf, ResultOf, TypedCommand } from './abstract/TypedCommand.js';
export type {
  EndedRun,
  Engine,
  EngineCapabilities,
  EngineSetup,
  ForkPoint,
  Program as EngineProgram,
  QueueEntry,
  Retention,
  RunCheck,
  RunHandle,
  RunHistory,
  RunOrigin,
  RunState,
  RunSummary,
  Serving,
  Settlement,
  Signal,
  StartedRun,
  StartRequest,
} from './engine/Engine.js';
export { type EmbeddedEngineOptions, embeddedEngine } from './engine/embedded/EmbeddedEngine.js';
export type { EndStatus, JournalRecord, RecordKind, StepStatus } from './engine/Record.js';
export type {
  Fence,
  LockHolder,
  LockStore,
  StateEntry,
  StateStore,
  Stores,
  TopicStore,
} from './engine/stores/Stores.js';
export { CommandRunner, type ExecuteOptions, type NotifyOptions, type PruneOptions, type Run } from './host/CommandRunner.js';
export type { Outcome, Trouble } from './host/Outcome.js';
export type { PlanDifference } from './host/plan/PlanDifference.js';
export { planDifferences } from './host/plan/planDifferences.js';
export { planMermaid } from './host/plan/planMermaid.js';
export { planSvg } from './host/plan/planSvg.js';
export { type PlanTreeOptions, planTree } from './host/plan/planTree.js';
export type { OperationFailure, OperationFailures, OperationReliability } from './host/reliability/OperationReliability.js';
export type { ReliabilityOptions } from './host/reliability/reliabilityOf.js';
export type { AttemptFate } from './host/runRecord/attemptFate.js';
export { type KnownCommands, runRecord } from './host/runRecord/fromHistory.js';
export type { RunRecord } from './host/runRecord/RunRecord.js';
export type {
  RecordedActivity,
  RecordedAttempt,
  RecordedGate,
  RecordedPhase,
  RecordedReply,
  RecordedStep,
  RecordedTurn,
  RecordedWait,
  RecordIntegrity,
  RunMetrics,
  RunRecordDocument,
  StepTiming,
} from './host/runRecord/RunRecordDocument.js';
export { runRecordHtml } from './host/runRecord/runRecordHtml.js';
export { runRecordMarkdown } from './host/runRecord/runRecordMarkdown.js';
export type { StepSource } from './host/runRecord/StepSources.js';
export { environmentSecrets, fileSecrets } from './host/secretProviders.js';
export type { StepSettlement } from './host/settlement.js';
export { registeredCommandsOf, type SixfoldOptions, type StartOptions, sixfoldModule, startSixfold } from './host/sixfold.js';
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
export type { Logger } from './kernel/Logger.js';
export type { RetryPolicy } from './kernel/RetryPolicy.js';
export type { SecretProvider } from './kernel/SecretVault.js';
export { sixfoldVersion } from './kernel/sixfoldVersion.js';
export { oneLine, visible } from './kernel/text/visibleText.js';
export { Absent } from './orchestration/Absent.js';
export { Barrier, type BarrierOptions, barrier, type Meeting } from './orchestration/coordination/Barrier.js';
export { type CentralizedOptions, centralized } from './orchestration/coordination/Centralized.js';
export type { CoordinationSite } from './orchestration/coordination/CoordinationSite.js';
export {
  Coordinator,
  type CoordinatorSpec,
  coordinate,
  coordinator,
  type OnFailure,
  type OutputsOf,
} from './orchestration/coordination/Coordinator.js';
export { compareVersions } from './orchestration/coordination/compareVersions.js';
export {
  from,
  type GraphResults,
  type InputMapping,
  type InteractionGraph,
  type InteractionNode,
  type Reference,
} from './orchestration/coordination/InteractionGraph.js';
export { type Joined, type JoinOptions, type JoinParts, joinParts } from './orchestration/coordination/join.js';
export { routeBySource } from './orchestration/coordination/routeBySource.js';
export { type Aggregation, GraphCommand } from './orchestration/GraphCommand.js';
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
export type { OrchestrationReport } from './orchestration/OrchestrationReport.js';
export type {
  OrchestrationPlan,
  PlannedCompensation,
  PlannedField,
  PlannedInteraction,
  PlannedLink,
  PlannedOperation,
  PlannedSource,
  PlannedSystem,
} from './orchestration/plan/OrchestrationPlan.js';
export { RISKS, type Risk, type RiskCode, type RiskEntry } from './orchestration/plan/Risk.js';
export { SagaCommand } from './orchestration/SagaCommand.js';
export {
  type CallOptions,
  type CompensationSpec,
  type Constraints,
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
export type { Channel } from './systems/channels/Channel.js';
export { InProcessChannel, type InProcessChannelOptions, inProcessChannel } from './systems/channels/InProcessChannel.js';
export {
  type ChosenChannel,
  type OfferedChannel,
  OfferedChannels,
  type OfferedChannelsOptions,
  offeredChannels,
} from './systems/channels/offered/OfferedChannels.js';
export { ProcessChannel, type ProcessChannelOptions, type Program, type ProgramOutput } from './systems/channels/ProcessChannel.js';
export { type OperationSpec, operation, type UndoByKey, type UndoFrom } from './systems/operation.js';
export type { BatchPolicy, BreakerPolicy, BulkheadPolicy, CachePolicy, Policy } from './systems/Policy.js';
export type { BatchItem } from './systems/policies/Batches.js';
export type { BreakerStanding, BulkheadStanding, CacheStanding, PolicyStanding } from './systems/policies/PolicyStanding.js';
export { standingsOf } from './systems/policies/policedAttempt.js';
export type { Remote } from './systems/Remote.js';
export { type StateObservation, System, type SystemSpec, system } from './systems/System.js';
