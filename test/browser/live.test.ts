/** The live page: what containers write is on screen, in order, and stays where the reader looks. */
import { expect, it, vi } from 'vitest';
import { describeInBrowser } from './support/browser-test.js';
import { startSpeaker, ticking } from './support/containers.js';
import { TALL, type Visit } from './support/visit.js';
import { startWindow } from './support/window.js';

const PATIENCE = { timeout: 60_000, interval: 50 };

/** What is in sight, from above to below. */
const texts = async (visit: Visit): Promise<string[]> => (await visit.lines()).map(({ text }) => text);

const numbers = (lines: readonly string[]): number[] =>
  lines.flatMap((line) => (/^tick (\d+)$/.test(line) ? [Number(line.slice(5))] : []));

/** Each once, and none left out. */
function assertConsecutive(ticks: readonly number[]): void {
  expect(ticks.length).toBeGreaterThan(1);
  expect(ticks).toEqual(Array.from(ticks, (_, i) => ticks[0] + i));
}

/** Resolves with the numbers in sight once one is as high as this. Of many a second, each may be in sight for a moment only. */
async function numbersFrom(visit: Visit, least: number): Promise<number[]> {
  return vi.waitFor(async () => {
    const seen = numbers(await texts(visit));
    expect(seen.at(-1)).toBeGreaterThanOrEqual(least);
    return seen;
  }, PATIENCE);
}

/** What the browser says of a tab that is left, or that one comes back to. A browser without a window leaves none. */
async function look({ page }: Visit, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${state}' });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${state === 'hidden'} });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

describeInBrowser('the live page', (bed) => {
  it('shows what was written and what is written, each line once and in order, by container and stream', async () => {
    await startSpeaker(bed, {
      name: 'live-one',
      lines: [{ line: 'the first of all' }, { stream: 'stderr', line: 'an error: no disk' }],
      script: ticking(5),
    });
    await startSpeaker(bed, { name: 'live-two', lines: [{ line: 'of another one' }] });
    const { url } = await startWindow(bed, ['live-one', 'live-two']);
    const visit = await bed.open({ url, context: { viewport: TALL } });
    await visit.row('the first of all').waitFor();
    const error = visit.row('an error: no disk');
    await expect(error.getAttribute('data-stream')).resolves.toBe('stderr');
    await expect(error.getAttribute('data-container')).resolves.toBe('live-one');
    await expect(visit.row('of another one').getAttribute('data-container')).resolves.toBe('live-two');
    const [before] = (await numbersFrom(visit, 1)).slice(-1);
    const seen = await numbersFrom(visit, before + 30);
    assertConsecutive(seen);
    expect(seen[0]).toBe(1);
  });

  it('shows only what the query wants, keeps it in the address, and says what is wrong with it at its place', async () => {
    await startSpeaker(bed, {
      name: 'wanted',
      script: `${ticking(20)} setInterval(() => complain('other ' + n), 50);`,
    });
    await startSpeaker(bed, { name: 'unwanted', script: ticking(20) });
    const { url } = await startWindow(bed, ['wanted', 'unwanted']);
    // Chromium's own words for the answer to a wrong query.
    const visit = await bed.open({ url, allow: /responded with a status of 400/ });
    await visit.row('other').first().waitFor();
    const { query } = visit;
    await query.fill('{container="wanted"} |= "tick"');
    await query.press('Enter');
    await visit.row('other').first().waitFor({ state: 'detached' });
    await visit.row('tick').nth(20).waitFor();
    const shown = (await visit.lines()).map(({ container, text }) => `${container} ${text.slice(0, 4)}`);
    expect(new Set(shown)).toEqual(new Set(['wanted tick']));
    expect(new URLSearchParams(visit.hash.split('?')[1]).get('query')).toBe('{container="wanted"} |= "tick"');
    await visit.page.reload();
    await visit.row('tick').nth(20).waitFor();
    await expect(visit.row('other').count()).resolves.toBe(0);

    await query.fill('{container="wanted" |= "tick"');
    await query.press('Enter');
    await visit.page.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor();
  });

  it('stands still while it is paused, and says how many lines wait', async () => {
    await startSpeaker(bed, { name: 'paused', script: ticking(50) });
    const { url } = await startWindow(bed, ['paused']);
    const visit = await bed.open({ url });
    await visit
      .row(/tick \d\d+/)
      .first()
      .waitFor();
    await visit.page.keyboard.press('Space');
    const resume = visit.page.getByRole('button', { name: /resume/i });
    await resume.waitFor();
    const before = await visit.linesAtRest();
    const last = numbers(before.map(({ text }) => text)).at(-1) ?? 0;
    await visit.page.getByRole('button', { name: /[1-9]\d\d+ new lines/ }).waitFor();
    expect(await visit.lines()).toEqual(before);
    await visit.page.keyboard.press('Space');
    assertConsecutive(await numbersFrom(visit, last + 120));
  });

  it('keeps the lines under the eyes of who has scrolled back, and goes on from the newest when told', async () => {
    await startSpeaker(bed, {
      name: 'scrolled',
      script: `for (let i = 0; i < 400; i++) say('old ' + i); ${ticking(50)}`,
    });
    const { url } = await startWindow(bed, ['scrolled']);
    const visit = await bed.open({ url });
    await visit
      .row(/tick \d+/)
      .first()
      .waitFor();
    await visit.log.hover();
    await visit.page.mouse.wheel(0, -3_000);
    const pill = visit.page.getByRole('button', { name: /new lines/ });
    await pill.waitFor();
    const before = await visit.linesAtRest();
    await visit.page.getByRole('button', { name: /[1-9]\d\d+ new lines/ }).waitFor();
    expect(await visit.lines()).toEqual(before);
    await pill.click();
    await visit
      .row(/tick \d{3}/)
      .first()
      .waitFor();
    await pill.waitFor({ state: 'detached' });
  });

  it('closes its stream while nobody looks, and then goes on where it was', async () => {
    await startSpeaker(bed, { name: 'asleep', script: ticking(5) });
    const { url } = await startWindow(bed, ['asleep']);
    const visit = await bed.open({ url, context: { viewport: TALL } });
    await visit
      .row(/tick \d+/)
      .first()
      .waitFor();
    const closed = visit.page.waitForEvent('requestfailed', (request) =>
      request.url().includes('/api/v1/tail'),
    );
    await look(visit, 'hidden');
    await closed;
    const [last] = numbers(await texts(visit)).slice(-1);
    await look(visit, 'visible');
    assertConsecutive(await numbersFrom(visit, last + 30));
  });

  it('leads from a line to a page of its own, with what was written around it', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => ({ line: `number ${i}` }));
    await startSpeaker(bed, { name: 'linked', lines });
    const { url } = await startWindow(bed, ['linked']);
    const visit = await bed.open({ url });
    const row = visit.row(/number 15$/);
    const time = await row.getAttribute('data-time');
    await row.click();
    await visit.page
      .getByRole('link', { name: /permalink/i })
      .first()
      .click();
    const found = visit.log.locator('[aria-current="true"]');
    await found.waitFor();
    await expect(found.locator('[data-part="text"]').textContent()).resolves.toBe('number 15');
    await expect(found.getAttribute('data-time')).resolves.toBe(time);
    await expect.poll(() => texts(visit), PATIENCE).toEqual(lines.map(({ line }) => line));
  });

  it('goes by the keyboard', async () => {
    const lines = Array.from({ length: 10 }, (_, i) => ({ line: `number ${i}` }));
    await startSpeaker(bed, { name: 'keys', lines });
    const { url } = await startWindow(bed, ['keys']);
    const visit = await bed.open({ url });
    await visit.row('number 9').waitFor();
    const { keyboard } = visit.page;
    await keyboard.press('k');
    await keyboard.press('k');
    const selected = visit.log.locator('.is-selected');
    await selected.filter({ hasText: 'number 8' }).waitFor();
    await keyboard.press('j');
    await selected.filter({ hasText: 'number 9' }).waitFor();
    await keyboard.press('?');
    await visit.page.getByRole('dialog').waitFor();
    await keyboard.press('Escape');
    await visit.page.getByRole('dialog').waitFor({ state: 'detached' });
    await keyboard.press('/');
    await keyboard.type('number 3');
    await keyboard.press('Enter');
    await expect.poll(() => texts(visit), PATIENCE).toEqual(['number 3']);
  });
});
