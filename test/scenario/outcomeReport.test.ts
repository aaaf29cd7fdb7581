/** The outcome document of real runs: what was planned, what really happened, in Markdown and HTML. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IsInt, IsString } from 'class-validator';
import type { Browser, Page } from 'playwright-core';
import {
  type Call,
  type Class,
  CommandFailure,
  command,
  type Interactions,
  OutcomeUnknownError,
  operation,
  type RunRecordDocument,
  runRecordHtml,
  runRecordMarkdown,
  SagaCommand,
  System,
  scope,
  system,
  TransientError,
} from '../../src/index.js';
import { NoParams, open } from '../support/application.js';
import { describeInBrowser, launchBrowser } from '../support/chromium.js';
import { isReachingFiles, ProcessClock, VirtualTime } from '../support/VirtualTime.js';

class Line {
  @IsString()
  sku!: string;
}

class Held {
  @IsString()
  id!: string;

  @IsInt()
  left!: number;
}

const time = new VirtualTime(Date.UTC(2026, 10, 22, 9));
const clock = new ProcessClock(time);
const takes = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

@system({ name: 'Warehouse', version: '2.1.0', protocol: 'http' })
class Inventory extends System {
  private refusals = 1;

  override async checkHealth(): Promise<void> {
    await takes(3);
  }

  @operation({ input: Line, output: Held, undo: 'release', policy: { retry: { attemptsMax: 3, backoffMs: 200, jitter: 0 } } })
  async reserve({ sku }: Line, _call: Call): Promise<Held> {
    await takes(sku === 'bolt' ? 40 : 12);
    if (sku === 'nut' && this.refusals-- > 0) throw new TransientError('SYSTEM_OVERLOADED', 'busy');
    return { id: `R-${sku}`, left: 1 };
  }

  @operation({ input: Held })
  async release(_held: Held, _call: Call): Promise<void> {
    await takes(5);
  }
}

@system({ name: 'Bank', version: '4.0.0', protocol: 'grpc' })
class Payments extends System {
  @operation({ input: Line, output: Held, effect: 'once', probe: 'find', undo: 'refund', policy: { timeoutMs: 1000 } })
  async charge(_line: Line, _call: Call): Promise<Held> {
    await takes(300);
    throw new OutcomeUnknownError('REPLY_LOST', 'connection reset');
  }

  async find({ sku }: Line, _call: Call): Promise<Held | undefined> {
    await takes(20);
    return { id: `P-${sku}`, left: 0 };
  }

  @operation({ input: Held })
  async refund(_held: Held, _call: Call): Promise<void> {
    await takes(70);
  }
}

class Carrier extends System {
  @operation({ input: Line, output: Held, effect: 'read' })
  async quote(_line: Line, _call: Call): Promise<Held> {
    await takes(9);
    return { id: 'Q', left: 'many' } as unknown as Held;
  }

  @operation({ input: Line, output: Held })
  async book(_line: Line, _call: Call): Promise<Held> {
    await takes(33);
    throw new CommandFailure('SYSTEM_REFUSED', 'no driver on Sundays');
  }
}

@command({ name: 'place-order', params: NoParams })
class PlaceOrder extends SagaCommand<NoParams, string> {
  private readonly inventory = new Inventory();
  private readonly payments = new Payments();
  private readonly carrier = new Carrier();

  defineOrchestrationScope() {
    return scope({ systems: { inventory: this.inventory, payments: this.payments }, optional: { carrier: this.carrier } });
  }

  async coordinateSystemInteractions({ systems, ctx }: Interactions<this>): Promise<string> {
    await Promise.all([systems.inventory.reserve({ sku: 'bolt' }), systems.inventory.reserve({ sku: 'nut' })]);
    await systems.carrier.quote({ sku: 'bolt' });
    await ctx.step('number the order', async () => 7);
    await ctx.sleep(60_000);
    await ctx.gate('price is right', () => true);
    await systems.payments.charge({ sku: 'bolt' });
    await systems.carrier.book({ sku: 'bolt' });
    throw new CommandFailure('SYSTEM_REFUSED', 'no');
  }
}

/** Runs it in virtual time, in which a process and its timers do what they do at exact moments. */
async function documentOf<R>(type: Class<SagaCommand<NoParams, R>>): Promise<RunRecordDocument> {
  await using runner = await open([type], { engine: { clock, unloadAfterMs: Number.MAX_SAFE_INTEGER } });
  const run = await runner.start(type, {});
  let ended = false;
  const outcome = run.outcome().finally(() => {
    ended = true;
  });
  while (!ended) {
    for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    if (!ended && !isReachingFiles()) time.step();
  }
  await outcome;
  return runner.document(run.id);
}

const DIAGRAM = `\`\`\`mermaid
sequenceDiagram
  participant C as place-order
  participant S1 as inventory
  participant S2 as carrier
  participant S3 as payments
  C->>S1: 1 checkHealth
  S1-->>C: 1 ok, 3 ms
  C->>S1: 2 reserve
  C->>S1: 3 reserve
  S1--xC: 2 failed, 12 ms#58; SYSTEM_OVERLOADED#58; busy#59; again in 200 ms
  S1-->>C: 3 ok, 40 ms, undone later
  C->>S1: 2 reserve, attempt 2
  S1-->>C: 2 ok, 12 ms, undone later
  C->>S2: 4 quote
  S2-->>C: 4 reply breaks the contract, 9 ms
  C->>C: 5 number the order#58; ok, 0 ms
  Note over C: slept 1 min 0 s
  Note over C: gate price is right#58; passed
  C->>S3: 6 charge
  S3--xC: 6 reply lost, 300 ms#58; REPLY_LOST#58; connection reset#59; again in 700 ms
  C->>S3: 6 did charge happen?
  S3-->>C: 6 it happened
  C->>S2: 7 book
  S2-->>C: 7 refused, 33 ms#58; SYSTEM_REFUSED#58; no driver on Sundays
  break what was done is undone
    C->>S3: 8 undo charge (of 6)
    S3-->>C: 8 ok, 70 ms
    C->>S1: 9 undo reserve (of 2)
    S1-->>C: 9 ok, 5 ms
    C->>S1: 10 undo reserve (of 3)
    S1-->>C: 10 ok, 5 ms
  end
  Note over C: the run ended#58; compensated
\`\`\``;

describe('the record of a run that was undone', () => {
  let document: RunRecordDocument;
  beforeAll(async () => {
    document = await documentOf(PlaceOrder);
  });

  it('has in Markdown a diagram of what really happened, which docs/reports.md shows as it is', () => {
    const markdown = runRecordMarkdown(document);
    expect(markdown).toContain(DIAGRAM);
    expect(readFileSync(join(__dirname, '..', '..', 'docs', 'reports.md'), 'utf8')).toContain(DIAGRAM);
  });

  it('has its figures, what was undone in that order, and the reply that broke its contract', () => {
    expect(document).toMatchObject({
      state: 'compensated',
      systems: expect.arrayContaining(['inventory', 'payments', 'carrier']),
      metrics: { interactions: 5, attempts: 10, retries: 1, refused: 1, unanswered: 3, unknown: 0, undone: 3, checks: 1, ownSteps: 2 },
      replies: [{ step: 'carrier.quote', violations: ['left: must be an integer number'], reply: { id: 'Q', left: 'many' } }],
      degraded: [{ system: 'carrier' }],
    });
    const markdown = runRecordMarkdown(document);
    expect(markdown).toContain('| inventory.reserve | 2 | 3 | 12 ms | 40 ms | 52 ms |');
    expect(markdown).not.toContain('| payments.charge | 1 | 1 |');
    const undone = markdown.slice(markdown.indexOf('## Undone'), markdown.indexOf('## Replies'));
    expect([...undone.matchAll(/^\| (\w+\.\w+) /gm)].map(([, name]) => name)).toEqual([
      'payments.charge',
      'inventory.reserve',
      'inventory.reserve',
    ]);
  });
});

const HOSTILE = '"><script>document.title=`pwned`</script>;#%%{x}\'';

class Odd extends System {
  @operation({ input: Line, output: Held, undo: 'release' })
  async reserve({ sku }: Line, _call: Call): Promise<Held> {
    await takes(1);
    if (sku === 'none') throw new CommandFailure('SYSTEM_REFUSED', `${HOSTILE}\nline two`);
    return { id: 'R', left: 1 };
  }

  @operation({ input: Held })
  async release(_held: Held, _call: Call): Promise<void> {
    await takes(1);
  }
}

/** Names that mean no good, a long run, and more systems than a page is wide. */
@command({ name: 'odd', params: NoParams })
class OddOrder extends SagaCommand<NoParams, void> {
  private readonly systems = { [HOSTILE]: new Odd(), ...Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`shop${n}`, new Odd()])) };

  defineOrchestrationScope() {
    return scope({ systems: this.systems });
  }

  async coordinateSystemInteractions({ systems, ctx }: Interactions<this>): Promise<void> {
    await ctx.gate(HOSTILE, () => ({ passed: false, found: HOSTILE }), { severity: 'warning' });
    const [first, second] = Object.values(systems);
    for (const odd of Object.values(systems)) await odd.reserve({ sku: 'bolt' });
    for (let n = 0; n < 30; n += 1) await second?.reserve({ sku: `nut ${n}` });
    await first?.reserve({ sku: 'none' });
  }
}

describeInBrowser()('the page of a run', () => {
  let browser: Browser;
  let folder: string;
  let files: { readonly usual: string; readonly odd: string };

  beforeAll(async () => {
    browser = await launchBrowser();
    folder = mkdtempSync(join(tmpdir(), 'outcome-'));
    const written = (name: string, document: RunRecordDocument): string => {
      writeFileSync(join(folder, name), runRecordHtml(document));
      return pathToFileURL(join(folder, name)).href;
    };
    files = { usual: written('usual.html', await documentOf(PlaceOrder)), odd: written('odd.html', await documentOf(OddOrder)) };
  }, 30_000);

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** Opened without JavaScript; whatever it asks for or says besides itself is noise. */
  async function opened(file: string, width: number, media: Parameters<Page['emulateMedia']>[0] = {}) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: false });
    const page = await context.newPage();
    const noise: string[] = [];
    page.on('request', (request) => request.url() !== file && !request.url().startsWith('data:') && noise.push(request.url()));
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    await page.emulateMedia(media);
    await page.goto(file);
    return { page, noise, [Symbol.asyncDispose]: () => context.close() };
  }

  const PICTURE = '.sequence svg';

  it('draws every line of the sequence between the lifelines, without script, network or complaint', async () => {
    await using open = await opened(files.usual, 1100);
    const { page, noise } = open;
    const texts = await page.locator(`${PICTURE} g text:not(.time)`).allTextContents();
    expect(texts).toHaveLength(DIAGRAM.split('\n').filter((line) => /^ +(C|S\d|Note)/.test(line)).length);
    expect(texts.slice(4, 6)).toEqual(['2 failed, 12 ms: SYSTEM_OVERLOADED: busy; again in 200 ms', '3 ok, 40 ms, undone later']);
    expect(await page.locator(`${PICTURE} .cross`).count()).toBe(2);
    const undo = await page.locator(`${PICTURE} .undoing`).boundingBox();
    const inside = await page
      .locator(`${PICTURE} g.undo .arrow`)
      .evaluateAll((lines) => lines.map((line) => line.getBoundingClientRect().y));
    expect(inside).toHaveLength(6);
    for (const y of inside) expect(y > (undo?.y ?? 0) && y < (undo?.y ?? 0) + (undo?.height ?? 0)).toBe(true);
    expect(noise).toEqual([]);
  });

  it.each([{ colorScheme: 'light' }, { colorScheme: 'dark' }, { media: 'print' }] as const)('can be read: %j', async (media) => {
    await using open = await opened(files.usual, 1100, media);
    const fills = `[...document.querySelectorAll('${PICTURE} text')].map((text) => getComputedStyle(text).fill)`;
    const colours = [...new Set(await open.page.evaluate<string[]>(fills))];
    const paper = await open.page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(colours.length).toBeGreaterThan(2);
    for (const colour of colours) expect(contrastOf(colour, paper)).toBeGreaterThan(4.5);
  });

  it('scrolls the picture, and not the page, on a narrow screen', async () => {
    for (const file of [files.usual, files.odd]) {
      await using open = await opened(file, 360);
      expect(await open.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      const [seen, whole] = await open.page.locator('.sequence').evaluate((box) => [box.clientWidth, box.scrollWidth]);
      expect(whole).toBeGreaterThan(seen ?? 0);
    }
  });

  it('prints pictures that fit a sheet, and nothing of them beside it', async () => {
    await using open = await opened(files.odd, 680, { media: 'print' }); // A4 less its margins.
    const boxes = await open.page.locator(PICTURE).evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
    expect(boxes.length).toBeGreaterThan(2);
    for (const { height, right } of boxes) expect([height < 1000, right <= 680]).toEqual([true, true]);
  });

  it('shows names that mean no good as text', async () => {
    await using open = await opened(files.odd, 1100);
    const { page, noise } = open;
    expect(await page.title()).toBe(await page.locator('title').first().textContent());
    expect(await page.locator('script').count()).toBe(0);
    const heads = await page
      .locator(`${PICTURE} .head`)
      .evaluateAll((all) => all.map((head) => head.querySelector('title')?.textContent ?? head.textContent));
    expect(heads).toContain(HOSTILE);
    expect((await page.locator(`${PICTURE} g text.bad`).allTextContents()).join()).toContain(`SYSTEM_REFUSED: ${HOSTILE}`);
    expect(noise).toEqual([]);
  });
});

/** By WCAG 2.2, from 1 to 21. */
function contrastOf(one: string, other: string): number {
  const [dark = 0, bright = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
