/** How a command class and its instances come out of the host's container. */
import { type Container, injectFromHierarchy } from 'inversify';
import type { AnyCommand } from '../abstract/AbstractCommand.js';
import { driverOverridden, isCommand } from '../abstract/command.js';
import type { Class } from '../kernel/Class.js';
import { messageOf, UsageError } from '../kernel/errors.js';

/**
 * Lets a class that has no constructor of its own take what the constructor of its base asks for, as JavaScript has it.
 * Without this Inversify would call it with nothing.
 */
export function inheritInjections(type: Class<AnyCommand>): void {
  if (inheritsConstructor(type)) injectFromHierarchy({ extendConstructorArguments: true, extendProperties: true })(type);
}

/** Text in which a brace or a word means nothing: comments, strings, and templates. */
const NO_CODE = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
/** Compilers that move fields into the constructor write one that passes everything on. */
const PASSES_ON = /^constructor\s*\([^)]*\)\s*\{\s*super\(\.\.\.\w+\)/;

function inheritsConstructor(type: Class<AnyCommand>): boolean {
  const source = Function.prototype.toString.call(type).replace(NO_CODE, ' ');
  let depth = 0;
  for (const token of source.matchAll(/[{}]|(?<![\w$.#])constructor\s*\(/g)) {
    if (token[0] === '{') depth += 1;
    else if (token[0] === '}') depth -= 1;
    else if (depth === 1) return PASSES_ON.test(source.slice(token.index));
  }
  return true;
}

/** A new instance from exactly this container. @throws UsageError `COMMAND_NOT_RESOLVED`, `COMMAND_UNKNOWN`, `DRIVER_OVERRIDDEN` */
export function instanceOf(type: Class<AnyCommand>, container: Container): AnyCommand {
  const instance = resolved(type, () => container.get<unknown>(type));
  if (!isCommand(instance)) {
    throw new UsageError(
      'COMMAND_UNKNOWN',
      `The container gives something else for ${type.name}. Bind it to itself, or leave the binding to sixfoldModule.`,
      { details: { class: type.name } },
    );
  }
  if (Object.hasOwn(instance, 'execute')) throw driverOverridden(type.name);
  return instance;
}

/** Says what Inversify says, without the advice that does not hold here. @throws UsageError `COMMAND_NOT_RESOLVED` */
export function resolved<T>(type: Class<AnyCommand>, resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    const [said = ''] = messageOf(error).split(/\n\s*\n?(?:Are you using|If you're using)/);
    throw new UsageError(
      'COMMAND_NOT_RESOLVED',
      `The container cannot make ${type.name}: ${said.trim().replace(/\s*\n\s*/g, ' ')} Put @inject(…) on every parameter of its constructor, and bind what it asks for.`,
      { cause: error, details: { class: type.name } },
    );
  }
}
