/** Characters of an id that are shown; any beginning that fits one run only is accepted. */
const ID_CHARACTERS = 8;

/** Behind the command, where the id begins with that. */
export function shortId(id: string): string {
  return id.slice(0, id.indexOf('.') + 1 + ID_CHARACTERS);
}
