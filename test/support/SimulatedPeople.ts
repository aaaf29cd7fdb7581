/**
 * People who start runs, signal and cancel them, and do it again elsewhere when they get no answer.
 *
 * Owns: who has not been answered. Does not own: the processes. Watches R1: what is answered is on the disk.
 */
import type { EndedRun } from '../../src/engine/Engine.js';
import { nameOnDisk, type ProgramProcess } from './ProgramProcess.js';
import type { Program } from './randomProgram.js';
import type { SimulatedDisk } from './SimulatedDisk.js';
import type { VirtualTime } from './VirtualTime.js';

export interface Client {
  readonly key: string;
  readonly program: Program;
  runId: string | undefined;
  ended: EndedRun | undefined;
}

export interface PeopleParts {
  readonly disk: SimulatedDisk;
  readonly time: VirtualTime;
  readonly draw: (below: number) => number;
  readonly say: (line: string) => void;
  readonly violated: (what: string, detail: string) => void;
  readonly anyProcess: () => ProgramProcess | undefined;
}

export class SimulatedPeople {
  private onDeath: { readonly process: ProgramProcess; told(): void }[] = [];

  constructor(
    private readonly parts: PeopleParts,
    readonly clients: readonly Client[],
  ) {}

  get anyClient(): Client {
    const client = this.clients[this.parts.draw(this.clients.length)];
    if (!client) throw new Error('nobody');
    return client;
  }

  /** The program of a run with that key; that of a child begins with the id of its parent. */
  programOf(key: string): Program {
    const own = this.clients.find((client) => client.key === key);
    if (own) return own.program;
    const parent = this.parts.disk.runOf(key.slice(0, key.indexOf('/')));
    if (!parent) throw new Error(`nobody began ${key}`);
    return this.programOf(parent.row.key ?? '');
  }

  /** The process is gone: who waits for it asks another. */
  gone(process: ProgramProcess): void {
    const told = this.onDeath.filter((one) => one.process === process);
    this.onDeath = this.onDeath.filter((one) => one.process !== process);
    for (const one of told) one.told();
  }

  start(client: Client): void {
    const process = this.parts.anyProcess();
    if (!process) {
      this.after(5, () => this.start(client));
      return;
    }
    this.parts.say(`start ${client.key} at process ${process.journal.process}`);
    this.untilAnswered(
      process,
      () => this.start(client),
      () =>
        process.start(client.key).then((handle) => {
          if (process.dead) return;
          if (!this.parts.disk.runOf(handle.id)) this.parts.violated('start answered before commit', client.key);
          client.runId = handle.id;
          this.parts.say(`started ${client.key}`);
          this.follow(client, process, () => handle.ended());
        }),
    );
  }

  private follow(client: Client, process: ProgramProcess, ended: () => Promise<EndedRun>): void {
    this.untilAnswered(
      process,
      () => this.start(client),
      () =>
        ended().then((end) => {
          if (process.dead || client.ended) return;
          if (this.parts.disk.runOf(end.id)?.row.status !== end.status) this.parts.violated('end answered before commit', client.key);
          client.ended = end;
          this.parts.say(`ended ${client.key} ${end.status}`);
        }),
    );
  }

  /** Does it, and again at another process when this one ends without an answer, or hands its runs back. */
  private untilAnswered(process: ProgramProcess, again: () => void, work: () => Promise<void>): void {
    let answered = false;
    this.onDeath.push({ process, told: () => answered || this.after(3, again) });
    work()
      .catch((error: unknown) => {
        if (process.dead) return;
        if (this.isLost(error)) this.after(3, again);
        else if (!this.hasCode(error, 'RUN_ENDED')) this.parts.violated('refused', String(error));
      })
      .finally(() => {
        if (!process.dead) answered = true;
      });
  }

  /** The process is not to be asked any more, and others are. */
  isLost(error: unknown): boolean {
    return this.hasCode(error, 'LEASE_LOST') || this.hasCode(error, 'RUN_HANDED_BACK') || this.hasCode(error, 'ENGINE_CLOSED');
  }

  private hasCode(error: unknown, code: string): boolean {
    return error instanceof Error && 'code' in error && error.code === code;
  }

  planSignal(token: string, delayMs: number): void {
    const client = this.anyClient;
    const name = this.parts.draw(2) === 0 ? 'go' : 'stop';
    this.after(delayMs, () => this.signal(client.runId ?? '', name, token));
    if (this.parts.draw(2) === 0) this.after(delayMs + this.parts.draw(60), () => this.signal(client.runId ?? '', name, token));
  }

  signal(runId: string, name: string, token: string): void {
    const process = this.parts.anyProcess();
    const again = (): void => this.signal(runId, name, token);
    if (!process) {
      this.after(5, again);
      return;
    }
    if (!this.parts.disk.runOf(runId)) return;
    this.parts.say(`signal ${token} to ${nameOnDisk(this.parts.disk, runId)}`);
    this.untilAnswered(process, again, () =>
      process.engine.notify(runId, { name, value: process.codec.encode(token, 'a signal'), token }).then(() => {
        if (!process.dead && !this.isKept(runId, token)) this.parts.violated('signal answered before commit', token);
      }),
    );
  }

  private isKept(runId: string, token: string): boolean {
    const kept = this.parts.disk.writes.some(({ run, record, mail }) => run === runId && (record?.step === token || mail?.token === token));
    return kept || this.parts.disk.runOf(runId)?.row.status !== null;
  }

  cancel(client: Client): void {
    const process = this.parts.anyProcess();
    const { runId } = client;
    if (!process || runId === undefined || client.ended) return;
    this.parts.say(`cancel ${client.key}`);
    this.untilAnswered(
      process,
      () => this.cancel(client),
      () =>
        process.engine.cancel(runId, 'enough').then(() => {
          const kept = this.parts.disk.writes.some(
            ({ run, record, mail }) => run === runId && (record?.kind === 'cancel-requested' || mail?.kind === 'cancel'),
          );
          const { row } = this.parts.disk.runOf(runId) ?? {};
          if (!process.dead && !kept && row?.status === null) this.parts.violated('cancel answered before commit', client.key);
        }),
    );
  }

  private after(delayMs: number, what: () => void): void {
    this.parts.time.after(delayMs, what);
  }
}
