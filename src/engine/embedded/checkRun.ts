/** Replays an open run against the present code, on a copy that ends with the check. */
import { silentTelemetry } from '../../abstract/Telemetry.js';
import type { Clock } from '../../kernel/Clock.js';
import { messageOf, SixfoldError } from '../../kernel/errors.js';
import type { EngineSetup, RunCheck } from '../Engine.js';
import { RunWatch } from '../RunWatch.js';
import { Execution } from '../run/Execution.js';
import type { RunHost } from '../run/ExecutionParts.js';
import type { RunRow } from '../run/RunJournal.js';
import { RunLog } from '../run/RunLog.js';
import type { Journal } from './Journal.js';
import { MemoryJournal } from './MemoryJournal.js';

const NOBODY: RunHost = {
  resting: () => undefined,
  childBegun: () => undefined,
  hasChild: () => false,
  cancelChild: () => undefined,
  ended: () => undefined,
  succeed: () => '',
};

export async function checkRun(journal: Journal, run: RunRow, { setup, clock }: { setup: EngineSetup; clock: Clock }): Promise<RunCheck> {
  const { id, command } = run;
  try {
    const { earlier, origin } = RunLog.read(journal, run);
    const program = setup.load(run, origin);
    const scratch = new MemoryJournal();
    const copy = scratch.newRun(run, false);
    scratch.addRun(copy);
    for (const record of earlier) scratch.addRecord(copy, record);
    for (const [after, { from }] of journal.bridges(run)) scratch.dropRecords(copy, from, after - 1);
    const { codec, secrets } = setup;
    const execution = new Execution({
      journal: scratch,
      log: RunLog.read(scratch, copy),
      origin,
      program,
      codec,
      secrets,
      logger: SILENT,
      trace: silentTelemetry.begin({ runId: id, command, version: run.version, resumed: true, traceparent: undefined }),
      clock,
      watch: new RunWatch(0, () => ({ done: 0 })),
      graceMs: 0,
      host: NOBODY,
      turnToStart: undefined,
      checking: true,
    });
    const end = await execution.drive(() => undefined);
    if (end.at === 'left') throw end.why;
    return { id, command, verdict: 'continues' };
  } catch (error) {
    return verdictOf(run, error);
  }
}

function verdictOf(run: RunRow, error: unknown): RunCheck {
  const { id, command } = run;
  if (!(error instanceof SixfoldError)) return { id, command, verdict: 'refused', reason: messageOf(error) };
  if (error.code === 'RUN_CHECKED')
    return typeof error.details.recorded === 'string' ? doubtful(run, error.details) : { id, command, verdict: 'continues' };
  if (error.code === 'COMMAND_UNKNOWN') return { id, command, verdict: 'unknown-command', reason: error.message };
  const step = error.details.asked ?? error.details.recorded ?? error.details.step;
  return { id, command, verdict: 'refused', reason: error.message, ...(typeof step === 'string' ? { step } : {}) };
}

function doubtful({ id, command }: RunRow, { asked, recorded }: SixfoldError['details']): RunCheck {
  const first = typeof asked !== 'string' ? 'it would wait for something' : `it would do ${asked}, which is new,`;
  const reason = `${first} before it asks for ${String(recorded)}, which the journal has. If it never does, it is refused at its end.`;
  return { id, command, verdict: 'doubtful', reason, step: String(recorded) };
}

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
