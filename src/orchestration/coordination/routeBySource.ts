import type { EventRouting } from '../strategies.js';

/** The standard routing: every event is handled, those of one operation one after the other. */
export function routeBySource(): EventRouting {
  return { name: 'by-source', route: ({ source }) => ({ key: source }) };
}
