/** Members of a chart by their place, and what comes before what. */

export interface OrderedPair {
  readonly from: number;
  readonly to: number;
  /** Another way leads from the one to the other. */
  readonly implied: boolean;
}

export function orderedPairs(members: readonly { readonly name: string; readonly before: readonly string[] }[]): OrderedPair[] {
  const places = new Map(members.map(({ name }, place) => [name, place]));
  const before = members.map((member) => member.before.flatMap((name) => places.get(name) ?? []));
  return before.flatMap((earlier, to) => {
    const further = allBefore(
      earlier.flatMap((place) => before[place] ?? []),
      before,
    );
    // In a circle each stands before itself; then nothing is left out.
    return earlier.map((from) => ({ from, to, implied: further.has(from) && !further.has(to) }));
  });
}

function allBefore(start: readonly number[], before: readonly (readonly number[])[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...start];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (found.has(place)) continue;
    found.add(place);
    open.push(...(before[place] ?? []));
  }
  return found;
}
