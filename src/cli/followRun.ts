/** Takes a run to its end at a terminal: progress, Ctrl-C, waiting for others, summary, exit code. */
import { type CommandRunner, type CommandSpec, type Outcome, type Run, SixfoldError } from '../index.js';
import { EXIT } from './exitCodes.js';
import { jsonText } from './jsonText.js';
import { ProgressView } from './ProgressView.js';
import { RemoteStandstill } from './RemoteStandstill.js';
import { Standstill } from './Standstill.js';
import { settleHint } from './settleHint.js';
import { stay } from './stay.js';
import { type SameJournal, waitingData, waitingText } from './waitingText.js';

export interface FollowOptions {
  readonly runner: CommandRunner;
  readonly spec: Pick<CommandSpec<object, unknown>, 'present'>;
  readonly json: boolean;
  /** Goes on waiting for what only others can give, instead of handing the run back. */
  readonly wait: boolean;
  readonly journal: SameJournal;
  /** Names of the systems to show from the beginning. */
  readonly systems: readonly string[];
  /** Another process has the run: Ctrl-C leaves it alone. @default false */
  readonly foreign?: boolean;
}

/** @returns the exit code */
export async function followRun(run: Run<unknown>, options: FollowOptions): Promise<number> {
  const { runner, spec, json, systems } = options;
  const { stderr } = process;
  const colour = stderr.isTTY && stderr.hasColors();
  const view = await ProgressView.open(systems, { stream: stderr, live: stderr.isTTY, colour });
  const stopListening = options.foreign === true ? () => undefined : cancelOnInterrupt(run, (text) => view.say(text));
  if (options.foreign === true) view.say(`Run ${run.id} is under way in another process; Ctrl-C leaves it alone.`);
  const isRemote = runner.engine.name === 'restate';
  if (isRemote) view.say(`Run ${run.id} is with the workers of ${run.command}.`);
  else if ((await runner.history(run.id)).state === 'queued') view.say(`Run ${run.id} is queued behind the limits of ${run.command}.`);
  const stopStaying = stay();
  const standstill = options.wait ? undefined : new (isRemote ? RemoteStandstill : Standstill)(runner, run);
  try {
    await view.follow(run.progress());
    const outcome = await run.outcome();
    const code = json ? printJson(outcome, spec) : printSummary(outcome, spec);
    if (outcome.status === 'unknown') process.stderr.write(await settleHint(runner, outcome.runId, options.journal));
    return code;
  } catch (error) {
    const waits = standstill?.waits ?? [];
    if (waits.length === 0 || !(error instanceof SixfoldError && error.code === 'RUN_HANDED_BACK')) throw error;
    process.stderr.write(waitingText(run.id, waits, options.journal));
    if (json) process.stdout.write(jsonText(waitingData(run.id, waits, options.journal)));
    return EXIT.waiting;
  } finally {
    standstill?.stop();
    stopStaying();
    stopListening();
  }
}

/** The first Ctrl-C cancels the run, which ends its children and removes its files; the second leaves at once. */
function cancelOnInterrupt(run: Run<unknown>, say: (text: string) => void): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    say(`Cancelling run ${run.id}; press Ctrl-C again to leave at once.`);
    run.cancel(`interrupted by ${signal}`).catch((error: unknown) => say(String(error)));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}

function printSummary(outcome: Outcome<unknown>, spec: Pick<CommandSpec<object, unknown>, 'present'>): number {
  for (const { subject, expected, found } of outcome.findings)
    process.stderr.write(`warning: ${subject}: expected ${expected}, found ${found}\n`);
  if (outcome.status !== 'completed') {
    process.stderr.write(`sixfold: run ${outcome.runId} ended ${outcome.status}: ${outcome.error.message}\n`);
    return exitCodeOf(outcome);
  }
  if (!spec.present) {
    process.stdout.write(jsonText(outcome.result));
    return EXIT.done;
  }
  const { stdout } = process;
  const presentation = spec.present(outcome.result, { columns: stdout.columns ?? 100, colour: stdout.isTTY && stdout.hasColors() });
  stdout.write(presentation.text);
  stdout.write(`Run ${outcome.runId} took ${(outcome.durationMs / 1000).toFixed(1)} s.\n`);
  return presentation.accepted === false ? EXIT.notAccepted : EXIT.done;
}

function printJson(outcome: Outcome<unknown>, spec: Pick<CommandSpec<object, unknown>, 'present'>): number {
  process.stdout.write(jsonText(outcome));
  if (outcome.status !== 'completed') return exitCodeOf(outcome);
  const accepted = spec.present?.(outcome.result, { columns: 100, colour: false }).accepted;
  return accepted === false ? EXIT.notAccepted : EXIT.done;
}

function exitCodeOf(outcome: Outcome<unknown>): number {
  return outcome.status === 'cancelled' ? EXIT.interrupted : EXIT.failed;
}
