/** Names in layers by what has to come before them. */

export interface Layers {
  /** In each those for which everything before them stands in an earlier one, in the order in which they were given. */
  readonly waves: readonly (readonly string[])[];
  /** Circles among the others, each as a path that ends where it begins: every name comes after the next. */
  readonly cycles: readonly (readonly string[])[];
}

/** @param before for each name those that come before it, all of them names as well. Takes time in proportion to names and pairs. */
export function layersOf(before: ReadonlyMap<string, readonly string[]>): Layers {
  const missing = new Map<string, number>();
  const followers = new Map<string, string[]>();
  for (const [name, earlier] of before) {
    const distinct = new Set(earlier);
    missing.set(name, distinct.size);
    for (const one of distinct) {
      const waiting = followers.get(one);
      if (waiting) waiting.push(name);
      else followers.set(one, [name]);
    }
  }
  const waves: string[][] = [];
  const order = new Map([...before.keys()].map((name, index) => [name, index]));
  let wave = [...before.keys()].filter((name) => missing.get(name) === 0);
  while (wave.length > 0) {
    waves.push(wave);
    wave = nextWave(wave, followers, missing).toSorted((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0));
  }
  const stuck = new Set([...missing].filter(([, count]) => count > 0).map(([name]) => name));
  return { waves, cycles: cyclesAmong(stuck, before) };
}

/** Counts what is no longer missing, and gives those that miss nothing any more. */
function nextWave(wave: readonly string[], followers: ReadonlyMap<string, readonly string[]>, missing: Map<string, number>): string[] {
  const free: string[] = [];
  for (const follower of wave.flatMap((name) => followers.get(name) ?? [])) {
    const left = (missing.get(follower) ?? 0) - 1;
    missing.set(follower, left);
    if (left === 0) free.push(follower);
  }
  return free;
}

/** Each of the stuck comes after another of them, so a walk back from any of them ends in a circle. */
function cyclesAmong(stuck: ReadonlySet<string>, before: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const seen = new Set<string>();
  for (const start of stuck) {
    const path: string[] = [];
    const places = new Map<string, number>();
    let at: string | undefined = start;
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      places.set(at, path.length);
      path.push(at);
      at = before.get(at)?.find((name) => stuck.has(name));
    }
    const place = at === undefined ? undefined : places.get(at);
    if (at !== undefined && place !== undefined) cycles.push([...path.slice(place), at]);
  }
  return cycles;
}
