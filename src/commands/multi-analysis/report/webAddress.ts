const ADDRESS_CHARACTERS_MAX = 2000;
/** RFC 3986 with an authority of plain host and port; a rule's documentation needs no more. */
const HTTP =
  /^https?:\/\/[\w.-]+(?::\d+)?(?:[/?](?:[\w\-.~:/?@!$&'()*+,;=]|%[\da-f]{2})*)?(?:#(?:[\w\-.~:/?@!$&'()*+,;=]|%[\da-f]{2})*)?$/i;

/** The address when it is one that may be linked to, else undefined: a tool's output could hold a `javascript:` one. */
export function webAddress(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= ADDRESS_CHARACTERS_MAX && HTTP.test(text) ? text : undefined;
}
