/** Applications of one test: commands that are written as a function, over a journal in memory unless a file is named. */
import { Container } from 'inversify';
import {
  type AnyCommand,
  type Class,
  type CommandContext,
  type CommandRunner,
  type CommandSpec,
  command,
  type EmbeddedEngineOptions,
  type Engine,
  embeddedEngine,
  PlainCommand,
  type SixfoldOptions,
  type StartOptions,
  sixfoldModule,
  startSixfold,
} from '../../src/index.js';
import { silent } from './engineHarness.js';

export class NoParams {}

type Run<R> = (ctx: CommandContext) => Promise<R>;
type Spec<R> = Partial<Omit<CommandSpec<NoParams, R>, 'params'>>;

/** A plain command without params. */
export function commandOf<R>(run: Run<R>, spec: Spec<R> = {}): Class<PlainCommand<NoParams, R>> {
  class Written extends PlainCommand<NoParams, R> {
    run(_params: NoParams, ctx: CommandContext): Promise<R> {
      return run(ctx);
    }
  }
  command({ name: 'written', params: NoParams, ...spec })(Written);
  return Written;
}

export interface ApplicationOptions extends Partial<Omit<SixfoldOptions, 'commands' | 'engine'>> {
  /** An engine, or what the one in memory is changed in. */
  readonly engine?: Partial<EmbeddedEngineOptions> | Engine;
  readonly start?: StartOptions;
  /** Further bindings of the host. */
  readonly bind?: (container: Container) => void;
}

export async function open(
  commands: readonly Class<AnyCommand>[],
  { engine = {}, start = {}, bind, ...options }: ApplicationOptions = {},
): Promise<CommandRunner> {
  const container = new Container();
  container.load(
    sixfoldModule({
      logger: silent,
      ...options,
      commands,
      engine: 'open' in engine ? engine : embeddedEngine({ file: ':memory:', durability: 'process', graceMs: 50, drainMs: 20, ...engine }),
    }),
  );
  bind?.(container);
  return startSixfold(container, start);
}
