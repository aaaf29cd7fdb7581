/** Replies of systems that broke their contract, each with what it broke and what it was. */
import { type Markup, markup } from '../../../kernel/text/markup.js';
import { cutText, visibleJson } from '../longText.js';
import type { RecordedReply } from '../RunRecordDocument.js';
import { REPLIES_MAX, timeText, VALUE_CHARACTERS_MAX } from '../wording.js';

export function replyList(replies: readonly RecordedReply[]): Markup {
  const left = replies.length - REPLIES_MAX;
  const more = left > 0 ? markup`<p class="quiet">${left.toLocaleString('en-GB')} more in the JSON form.</p>` : '';
  return markup`<ol class="replies">${replies.slice(0, REPLIES_MAX).map(replyItem)}</ol>${more}`;
}

function replyItem({ seq, at, step, code, violations, reply }: RecordedReply): Markup {
  const broken = violations.map((violation) => markup`<li class="bad">${violation}</li>`);
  return markup`<li><h3>${step}</h3><p class="quiet"><code>${code}</code>, record ${seq} at ${timeText(at)}</p><ul>${broken}</ul>
<pre>${cutText(visibleJson(reply), VALUE_CHARACTERS_MAX)}</pre></li>`;
}
