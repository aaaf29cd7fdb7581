/** Characters of an id that are shown; any beginning that fits one run only is accepted. */
const ID_CHARACTERS = 8;

export function shortId(id: string): string {
  return id.slice(0, ID_CHARACTERS);
}
