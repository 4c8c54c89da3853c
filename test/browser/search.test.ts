/** The search page: exactly the lines of the history that match, newest first, in the time that is asked for. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { outputRecords } from '../support/edges.js';
import { expectedOf } from '../support/engine-test.js';
import { containerWithOldLog } from '../support/old-log.js';
import { outputsComplete } from '../support/outputs.js';
import { describeInBrowser } from './support/browser-test.js';
import type { ShownLine, Visit } from './support/visit.js';
import { startWindow, type Window } from './support/window.js';

const PATIENCE = { timeout: 60_000, interval: 50 };
const NAME = 'history';
/** Over the last ten hours, 12 s apart. */
const LINES = 3_000;
const spec = { name: NAME, from: LINES, out: LINES, err: 0, seed: 1 };

/** What the file sink wrote, oldest first. */
const written = ({ logs }: Window): { at: number; line: string }[] =>
  outputRecords(logs, [NAME]).map(({ at, line }) => ({ at, line: line.toString() }));

/** A long line is shown by its beginning; there it has its number and a sum of all of it. */
const headOf = (line: string): string => line.slice(0, 500);

/** All rows of a list that only has those in sight in the document: scrolled through from its top. */
async function allRows(visit: Visit): Promise<ShownLine[]> {
  const found = new Map<string, ShownLine>();
  await visit.log.hover();
  for (let isAtEnd = false; ; ) {
    for (const row of await visit.linesAtRest()) found.set(`${row.time} ${row.text}`, row);
    if (isAtEnd) return [...found.values()];
    const before = await scrolled(visit);
    await visit.page.mouse.wheel(0, 400);
    await vi.waitFor(async () => {
      const now = await scrolled(visit);
      isAtEnd = now.isAtEnd;
      expect(now.isAtEnd || now.top > before.top).toBe(true);
    }, PATIENCE);
  }
}

/** How far the list is scrolled, in pixels. */
const scrolled = (visit: Visit): Promise<{ top: number; isAtEnd: boolean }> =>
  visit.log.evaluate((list) => ({
    top: list.scrollTop,
    isAtEnd: list.scrollTop + list.clientHeight >= list.scrollHeight - 1,
  }));

const search = (params: Record<string, string>): string => `search?${new URLSearchParams(params).toString()}`;

/** Resolves when the page says that it has found so many and is done. What it said of a search before may still be there. */
async function done({ page }: Visit, found: RegExp | string): Promise<void> {
  const status = page.getByRole('status').filter({ hasText: /\blines? .*scanned in/ });
  await status.filter({ hasText: found }).first().waitFor();
}

const params = (visit: Visit): URLSearchParams => new URLSearchParams(visit.hash.split('?')[1]);

async function saved(visit: Visit, name: string): Promise<string[]> {
  const { page } = visit;
  await page.getByRole('button', { name: /download/i }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name }).click(),
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describeInBrowser('the search page', (bed) => {
  let id = '';
  let window: Window;
  beforeAll(async () => {
    ({ id } = await containerWithOldLog(bed.api, bed.facts.image, spec));
  });
  afterAll(async () => bed.api.remove(id));
  beforeEach(async () => {
    window = await startWindow(bed, [NAME]);
    await outputsComplete(window.logs, expectedOf([spec]), 60_000);
  });

  it('finds the lines that match and no others, newest first, and gives them as a file', async () => {
    const query = `{container="${NAME}"} |~ \` o \\d*77 \``;
    const visit = await bed.open({ url: window.url, path: search({ query, from: '12h' }) });
    const wanted = written(window).filter(({ line }) => / o \d*77 /.test(line));
    expect(wanted).toHaveLength(30);
    await done(visit, /^30 lines /);
    const rows = await allRows(visit);
    expect(rows.map(({ text }) => headOf(text))).toEqual(wanted.map(({ line }) => headOf(line)).reverse());
    expect(rows.map(({ time }) => Date.parse(time))).toEqual(wanted.map(({ at }) => at).reverse());
    const texts = await saved(visit, 'Text');
    expect(texts.map((line) => line.split(' ').slice(3).join(' '))).toEqual(wanted.map(({ line }) => line));
    const json = (await saved(visit, 'JSON lines')).map(
      (line) => JSON.parse(line) as { line: string; container: string },
    );
    expect(json.map(({ line }) => line)).toEqual(wanted.map(({ line }) => line));
    expect(new Set(json.map(({ container }) => container))).toEqual(new Set([NAME]));
  });

  it('goes to the time that is dragged over in the histogram, and back with the browser', async () => {
    const query = `{container="${NAME}"}`;
    const visit = await bed.open({ url: window.url, path: search({ query, from: '12h' }) });
    await done(visit, /1,000 lines/);
    const box = await visit.page.locator('[data-part="histogram"]').boundingBox();
    if (!box) throw new Error('The histogram is not to be seen.');
    const y = box.y + box.height / 2;
    await visit.page.mouse.move(box.x + box.width * 0.5, y);
    await visit.page.mouse.down();
    await visit.page.mouse.move(box.x + box.width * 0.55, y, { steps: 4 });
    await visit.page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
    await visit.page.mouse.up();
    await visit.page.waitForURL((url) =>
      Number.isFinite(Date.parse(new URLSearchParams(url.hash.split('?')[1]).get('from') ?? '')),
    );
    const [from, to] = ['from', 'to'].map((key) => Date.parse(params(visit).get(key) ?? ''));
    const wanted = written(window).filter(({ at }) => at >= from && at < to);
    // A tenth of twelve hours, one line each 12 s; the sides of the picture are not all bars.
    expect(wanted.length).toBeGreaterThan(200);
    expect(wanted.length).toBeLessThan(500);
    await done(visit, new RegExp(`^${wanted.length} lines `));
    const [{ text }] = await visit.lines();
    expect(headOf(text)).toBe(headOf(wanted.at(-1)?.line ?? ''));
    await visit.page.goBack();
    await visit.page.waitForURL((url) => new URLSearchParams(url.hash.split('?')[1]).get('from') === '12h');
    await done(visit, /1,000 lines/);
  });

  it('says where it is, and stops when it is told to', async () => {
    const visit = await bed.open({ url: window.url, path: 'containers' });
    // Slow enough that somebody can press a button meanwhile.
    const cdp = await visit.page.context().newCDPSession(visit.page);
    await cdp.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: 10_000,
      uploadThroughput: -1,
    });
    await visit.go(search({ query: `{container="${NAME}"}`, from: '12h' }));
    await visit.page.getByRole('button', { name: 'Cancel' }).click();
    const status = visit.page.getByRole('status').filter({ hasText: /^Cancelled: \d+ lines? found/ });
    await status.waitFor();
    const found = Number(/\d+/.exec((await status.textContent()) ?? '')?.[0]);
    expect(found).toBeLessThan(1_000);
  });

  it('says that nothing was found, how far the history reaches, and offers all of it', async () => {
    const visit = await bed.open({
      url: window.url,
      path: search({ query: `|= "${NAME} o 10 "`, from: '5m' }),
    });
    await visit.page.getByText(/The history reaches back to/).waitFor();
    await visit.page.getByRole('button', { name: /everything|all of/i }).click();
    await done(visit, /^1 line /);
    const [{ text }] = await visit.lines();
    expect(text).toMatch(/^history o 10 /);
  });
});
