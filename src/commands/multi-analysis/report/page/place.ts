/** How the page shows a level and a place. */

import { type Markup, markup } from '../../../../kernel/text/markup.js';
import { visible } from '../../../../kernel/text/visibleText.js';
import type { Level, Place } from '../../Finding.js';
import { cutStart } from '../plainText.js';

export const PATH_CHARACTERS_MAX = 160;

export function levelLabel(level: Level): Markup {
  return markup`<span class="level ${level}">${level}</span>`;
}

export function placeLabel({ path, startLine }: Place): Markup {
  return markup`<code class="path">${cutStart(visible(path), PATH_CHARACTERS_MAX)}<span class="line">:${startLine}</span></code>`;
}
