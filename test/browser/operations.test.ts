/** The pages about the agent itself: what they show is what is so, and what they do is done. */
import { expect, it, onTestFinished } from 'vitest';
import { startLoki } from '../support/loki/receiver.js';
import { describeInBrowser } from './support/browser-test.js';
import { startSpeaker, ticking } from './support/containers.js';
import { Webhooks } from './support/webhooks.js';
import { startWindow } from './support/window.js';

describeInBrowser('the pages about the agent', (bed) => {
  it('lists each container, how it is read, and leads to its lines', async () => {
    await startSpeaker(bed, {
      name: 'listed',
      script: ticking(20),
      labels: { 'com.docker.compose.project': 'shop' },
    });
    await startSpeaker(bed, { name: 'beside', script: ticking(20) });
    const { url } = await startWindow(bed, ['listed', 'beside']);
    const visit = await bed.open({ url, path: 'containers' });
    const row = visit.page.getByRole('row', { name: /listed/ });
    await row.waitFor();
    await expect(row.textContent()).resolves.toMatch(/file/);
    await visit.page.getByText('shop', { exact: true }).first().waitFor();
    await row
      .getByRole('link', { name: /live|lines/i })
      .first()
      .click();
    await visit
      .row(/tick \d+/)
      .nth(5)
      .waitFor();
    const containers = (await visit.lines()).map(({ container }) => container);
    expect(new Set(containers)).toEqual(new Set(['listed']));
  });

  it('draws the way of the lines, with what each part is and figures that add up', async () => {
    await startSpeaker(bed, {
      name: 'flowing',
      lines: Array.from({ length: 40 }, (_, i) => ({ line: `line ${i}` })),
    });
    const dead = await startLoki();
    await dead.close();
    const { agent, url } = await startWindow(bed, ['flowing'], {
      sinks: { nobody: { type: 'loki', url: dead.url } },
    });
    const visit = await bed.open({ url, path: 'flow' });
    for (const part of ['containers', 'local', 'nobody'])
      await visit.page.getByText(part, { exact: true }).first().waitFor();
    await visit.page
      .getByText(/unaccounted/i)
      .first()
      .waitFor();
    const { unaccounted } = await agent.get<{ unaccounted: Record<string, number> }>('/api/v1/ledger');
    expect(new Set(Object.values(unaccounted))).toEqual(new Set([0]));
    await visit.page.getByText(/40/).first().waitFor();
  });

  it('shows what a receiver refused, and delivers it again when told', async () => {
    const strict = await startLoki({ limits: { maxLineBytes: 100 } });
    onTestFinished(async () => strict.close());
    const long = `too long for the receiver ${'x'.repeat(200)}`;
    await startSpeaker(bed, { name: 'refused', lines: [{ line: 'short enough' }, { line: long }] });
    const { url } = await startWindow(bed, ['refused'], {
      sinks: { loki: { type: 'loki', url: strict.url } },
    });
    await strict.until(() => strict.requests.some(({ status }) => status === 400), 60_000, 'a refusal');
    const visit = await bed.open({ url, path: 'dead-letters' });
    await visit.page
      .getByText(/line_too_long|too long/i)
      .first()
      .waitFor();
    await visit.page.getByText('too long for the receiver').first().waitFor();
    // The operator raises the limit.
    await strict.close();
    const lenient = await startLoki({ port: Number(new URL(strict.url).port), limits: 'none' });
    onTestFinished(async () => lenient.close());
    await visit.page
      .getByRole('button', { name: /redrive/i })
      .first()
      .click();
    await visit.page
      .getByRole('dialog')
      .getByRole('button', { name: /redrive/i })
      .click();
    await lenient.until(
      () => lenient.lines({ container: 'refused' }).includes(long),
      60_000,
      'the line that was refused',
    );
    expect(lenient.lines({ container: 'refused' })).toEqual([long]);
    await visit.page.getByText('too long for the receiver').first().waitFor({ state: 'detached' });
  });

  it('says of an edited configuration what is wrong in which line, and what would change', async () => {
    const { url } = await startWindow(bed, ['nobody']);
    const visit = await bed.open({ url, path: 'settings' });
    const editor = visit.page.getByRole('textbox', { name: /configuration/i });
    const before = await editor.inputValue();
    expect(before).toContain('sources:');
    await editor.fill('server:\n  port: 8401\n  prot: 8402\n');
    await visit.page
      .getByText(/line 3/i)
      .first()
      .waitFor();
    await visit.page.getByText(/prot/).first().waitFor();
    await editor.fill('journal:\n  max_age: 3d\n');
    await visit.page
      .getByText(/journal\.max_age/)
      .first()
      .waitFor();
    await expect(visit.page.getByText(/line 3/i).count()).resolves.toBe(0);
  });

  it('takes an alert, and sends it when the lines come', async () => {
    const webhooks = await Webhooks.start();
    onTestFinished(async () => webhooks.close());
    await startSpeaker(bed, { name: 'alarming', script: ticking(20) });
    const { url } = await startWindow(bed, ['alarming']);
    const visit = await bed.open({ url, path: 'alerts' });
    const { page } = visit;
    await page
      .getByRole('button', { name: /new alert|create|add/i })
      .first()
      .click();
    await page.getByLabel('Name').fill('too many ticks');
    await page.getByLabel('Query').fill('{container="alarming"} |= "tick"');
    await page.getByLabel('Query').press('Tab');
    await page.getByLabel(/threshold|at least/i).fill('5');
    await page.getByLabel(/type|kind/i).selectOption('json');
    await page.getByLabel(/url|address/i).fill(webhooks.url);
    await page
      .getByRole('button', { name: /create|save/i })
      .last()
      .click();
    const told = await webhooks.with('too many ticks');
    expect(told).toMatch(/tick \d+/);
    await page
      .getByText(/firing|cooling/i)
      .first()
      .waitFor();
  });

  it('shows what the agent holds, and that nothing of it is without an owner', async () => {
    const { agent, url } = await startWindow(bed, ['nobody']);
    const visit = await bed.open({ url, path: 'resources' });
    const { digest } = await agent.get<{ digest: string }>('/api/v1/build');
    await visit.page.getByText(digest.slice(0, 12)).first().waitFor();
    await visit.page
      .getByText(/without an owner|unowned/i)
      .first()
      .waitFor();
  });
});
