/** What the port of channels promises, on every channel, with a real server behind it and a wire in between that can be cut. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Channel } from '../../src/systems/channels/Channel.js';
import { CASES, GAPS } from '../support/channels/channelCases.js';
import { CHANNEL_KINDS, type ChannelSettings, type Opened } from '../support/channels/channelKinds.js';

describe.each(CHANNEL_KINDS)('channel $name', (kind) => {
  const gaps = GAPS[kind.name] ?? {};
  const channels: Channel[] = [];
  let opened: Opened;

  function channelOf(settings: ChannelSettings = {}): Channel {
    const channel = opened.channel(settings);
    channels.push(channel);
    return channel;
  }

  beforeEach(async () => {
    opened = await kind.open();
  });
  afterEach(async () => {
    await opened[Symbol.asyncDispose]();
    await Promise.all(channels.splice(0).map((channel) => channel.release()));
  });

  it.each(CASES.filter(({ title }) => !(title in gaps)))('$title', ({ check }) => check({ ...opened, channelOf }));
});

it('docs/channels.md says which channel does what, and why where one does not', () => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'channels.md'), 'utf8');
  const names = CHANNEL_KINDS.map(({ name }) => name);
  const rows = CASES.map(({ title }) => {
    const cells = names.map((name) => (GAPS[name]?.[title] === undefined ? 'yes' : '–'));
    return `| ${title} | ${cells.join(' | ')} |`;
  });
  const table = [`| a channel | ${names.join(' | ')} |`, `|---|${names.map(() => '---|').join('')}`, ...rows].join('\n');
  const reasons = Object.entries(GAPS).flatMap(([name, gaps]) =>
    [...new Set(Object.values(gaps))].map((reason) => `- ${name}: ${reason}.`),
  );
  expect(page).toContain(table);
  expect(page).toContain(reasons.join('\n'));
});
