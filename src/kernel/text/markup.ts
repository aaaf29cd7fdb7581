/**
 * HTML as a template. Every string put into it is escaped, so that a name or a message cannot become markup; only what
 * `markup` itself made goes in as it is.
 */
import { visibleLines } from './visibleText.js';

export class Markup {
  constructor(readonly html: string) {}
}

export type Slot = Markup | string | number | readonly Markup[];

/** Strings may stand between tags or inside a double-quoted attribute, nowhere else. */
export function markup(parts: TemplateStringsArray, ...slots: readonly Slot[]): Markup {
  return new Markup(parts.reduce((html, part, index) => `${html}${slotHtml(slots[index - 1] ?? '')}${part}`));
}

function slotHtml(slot: Slot): string {
  if (slot instanceof Markup) return slot.html;
  if (typeof slot === 'string') return escaped(slot);
  return typeof slot === 'number' ? String(slot) : slot.map(({ html }) => html).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return visibleLines(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
