import type { ValidationError } from 'class-validator';

/** One rule that a value breaks. */
export interface Violation {
  /** Such as `lines[0].quantity`; empty for the value as a whole. */
  readonly path: string;
  /** Without the property, which the path names. Never holds the value, unless the author of the rule put it there. */
  readonly message: string;
}

/** All violations with their paths, nested ones flattened. */
export function violationsOf(
  errors: readonly ValidationError[],
  above: { path: string; field: string } = { path: '', field: '' },
): Violation[] {
  return errors.flatMap((error) => {
    const path = pathTo(above.path, error.property);
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      path,
      message: message ? withoutProperty(message, [error.property, above.field]) : `breaks the rule ${rule}`,
    }));
    return [...own, ...violationsOf(error.children ?? [], { path, field: error.property })];
  });
}

/** The violation of a property that the class does not know, in class-validator's words. */
export function unknownProperty(path: string, name: string): Violation {
  return { path, message: `property ${name} should not exist` };
}

/** It says no more than that the class does not know the property. */
export function isUnknownProperty({ message }: Violation): boolean {
  return /^property .* should not exist$/s.test(message);
}

export function pathTo(above: string, step: string | number): string {
  if (/^\d+$/.test(String(step))) return `${above}[${step}]`;
  return above === '' ? String(step) : `${above}.${step}`;
}

/** True where the one path is the other or leads to something inside it. */
export function isWithin(path: string, outer: string): boolean {
  return outer === '' || path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/** All of them in one line. */
export function textOf(violations: readonly Violation[]): string {
  return violations.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
}

/** class-validator's messages begin with the property, in a list with that of the list. */
function withoutProperty(message: string, names: readonly string[]): string {
  const beginnings = names.flatMap((name) => [
    { begins: `${name} `, becomes: '' },
    { begins: `each value in ${name} `, becomes: 'each value ' },
    { begins: `nested property ${name} `, becomes: '' },
    { begins: `each value in nested property ${name} `, becomes: '' },
  ]);
  const found = beginnings.find(({ begins }) => message.startsWith(begins));
  return found ? found.becomes + message.slice(found.begins.length) : message;
}
