/** The pages about the agent itself: what they show is what is so, and what they do is done. */
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
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
    await row.filter({ hasText: /file/ }).waitFor();
    await visit.page.getByRole('table', { name: 'Containers' }).getByText('shop').first().waitFor();
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

  it('shows what processors did with the lines on their way, and the fields that they found', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => ({
      line: JSON.stringify({ level: i % 4 === 0 ? 'warn' : 'info', user: `u${i % 2}`, text: `<b>${i}</b>` }),
    }));
    await startSpeaker(bed, { name: 'processed', lines });
    const { agent, url } = await startWindow(bed, ['processed'], {
      processors: [
        { type: 'parse', format: 'json' },
        { type: 'filter', drop: ['| user="u1"'] },
      ],
    });
    const visit = await bed.open({ url, path: 'flow?part=processors' });
    const { page } = visit;
    const steps = page.getByRole('table', { name: 'Processors' }).locator('tbody tr');
    await steps.filter({ hasText: /^filterall4020200000$/ }).waitFor();
    await expect(steps.allTextContents()).resolves.toEqual([
      expect.stringMatching(/^parseall404000000/),
      expect.stringMatching(/^filterall402020000/),
    ]);
    const { unaccounted } = await agent.get<{ unaccounted: Record<string, number> }>('/api/v1/ledger');
    expect(new Set(Object.values(unaccounted))).toEqual(new Set([0]));

    await visit.go('live');
    const row = visit.row('<b>4</b>');
    await row.waitFor();
    await row.locator('[data-part="text"]').click();
    const fields = page.getByRole('table', { name: 'Fields of this line' });
    await fields.locator('tr').nth(2).waitFor();
    await expect(fields.locator('tr').allTextContents()).resolves.toEqual([
      'levelwarn',
      'useru0',
      'text<b>4</b>',
    ]);
    await fields.getByRole('button', { name: 'Only lines with this text' }).click();
    await visit.row('<b>36</b>').waitFor({ state: 'detached' });
    await visit.row('<b>4</b>').waitFor();
    expect(await visit.query.inputValue()).toBe('| text="<b>4</b>"');
    expect((await visit.lines()).map(({ text }) => JSON.parse(text).text)).toEqual(['<b>4</b>']);
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
    const { page } = visit;
    await page
      .getByLabel('Configuration in force')
      .filter({ hasText: /^data_dir: .*sources:/s })
      .waitFor();
    await page.getByText('Check a change').click();
    const editor = page.getByRole('textbox', { name: 'Configuration to check' });
    await editor.fill('server:\n  port: 8401\n  prot: 8402\n');
    const problems = page.getByRole('list', { name: 'Problems' }).getByRole('listitem');
    await problems
      .filter({ hasText: /prot/ })
      .getByRole('button', { name: /^line 3, column \d/ })
      .click();
    const at = (): Promise<number> => page.evaluate('document.activeElement.selectionStart');
    await expect.poll(async () => 'server:\n  port: 8401\n  prot: 8402\n'.slice(await at())).toMatch(/^prot/);
    await editor.fill('journal:\n  max_age: 3d\n');
    const difference = page.getByRole('table', { name: 'Differences' }).getByRole('row', { name: /max_age/ });
    await difference.filter({ hasText: /7d.*3d/ }).waitFor();
    const change = page
      .getByRole('table', { name: 'What it would do' })
      .getByRole('row', { name: /journal/ });
    await change.filter({ hasText: /changes in place/ }).waitFor();
    await page.getByText('The file', { exact: true }).click();
    await page.getByText('Good, and nothing would be different').waitFor();
    await expect(problems.filter({ hasText: /prot/ }).count()).resolves.toBe(0);
  });

  it('applies the file when asked, and says what that did', async () => {
    const { agent, url } = await startWindow(bed, ['nobody']);
    const visit = await bed.open({ url, path: 'settings?view=file' });
    const { page } = visit;
    const apply = page.getByRole('button', { name: 'Apply the file' });
    await page.getByText('Good, and nothing would be different').waitFor();
    await expect(apply.isDisabled()).resolves.toBe(true);

    const { file } = await agent.get<{ file: string }>('/api/v1/config');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, labels: { env: 'applied' } }));
    // One that goes on changing the agent does not take by itself.
    const touching = setInterval(() => utimesSync(file, new Date(), new Date()), 50);
    onTestFinished(() => clearInterval(touching));
    await page.getByRole('button', { name: 'Look again' }).click();
    const would = page.getByRole('table', { name: 'What a reload would do' });
    await would.getByRole('row', { name: /^labels changes in place/ }).waitFor();
    expect(agent.log).not.toContain('The configuration was reloaded');

    await apply.click();
    await page.getByText('Reloaded.', { exact: true }).waitFor();
    const did = page.getByRole('table', { name: 'What the reload did' });
    await did.getByRole('row', { name: /^labels changes in place/ }).waitFor();
    await agent.said(/"cause":"API".*labels changed/);
    await expect(agent.get('/api/v1/config')).resolves.toMatchObject({ labels: { env: 'applied' } });
    await would.waitFor({ state: 'detached' });
    await expect(apply.isDisabled()).resolves.toBe(true);

    // It became wrong after somebody looked.
    writeFileSync(file, JSON.stringify({ ...config, labels: { env: 'other' } }));
    await page.getByRole('button', { name: 'Look again' }).click();
    await would.waitFor();
    writeFileSync(file, JSON.stringify({ ...config, labels: 'many' }));
    await apply.click();
    const why = page.getByRole('region', { name: 'Why it was not reloaded' });
    await why.getByText('Not reloaded: the configuration in force goes on.').waitFor();
    await why
      .getByRole('listitem')
      .filter({ hasText: /labels must be/ })
      .waitFor();
    await page.getByText('In force', { exact: true }).click();
    await page.getByLabel('Configuration in force').getByText('env: applied').waitFor();
  });

  it('takes an alert, sends it when the lines come, and when it is over', async () => {
    const webhooks = await Webhooks.start();
    onTestFinished(async () => webhooks.close());
    const alarming = await startSpeaker(bed, { name: 'alarming', script: ticking(20) });
    const { url } = await startWindow(bed, ['alarming']);
    const visit = await bed.open({ url, path: 'alerts' });
    const { page } = visit;
    await page.getByRole('button', { name: 'New alert' }).click();
    const form = page.getByRole('form', { name: 'New alert' });
    await form.getByLabel('Name').fill('too many ticks');
    await form.getByLabel('Query').fill('{container="alarming"} |= "tick"');
    await form.getByLabel('Threshold').fill('5');
    await form.getByLabel('Within').fill('3s');
    await form.getByLabel('Tell also when it is over').check();
    await form.getByLabel('Webhook').selectOption('json');
    await form.getByLabel('Address').fill(webhooks.url);
    await form.getByRole('button', { name: 'Create' }).click();
    const card = page.getByRole('listitem', { name: 'too many ticks' });
    await card.waitFor();
    const told = await webhooks.with('too many ticks');
    expect(told).toMatch(/tick \d+/);
    await card.filter({ hasText: /firing|cooling|cools/i }).waitFor();
    expect(await page.content()).not.toContain(new URL(webhooks.url).pathname);
    await bed.api.remove(alarming);
    expect(JSON.parse(await webhooks.with('"resolved":true'))).toMatchObject({ test: false, lines: [] });
    await card.filter({ hasText: /over since/ }).waitFor();
    await card.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await card.waitFor({ state: 'detached' });
  });

  it('shows what the agent holds, and that nothing of it is without an owner', async () => {
    const { agent, url } = await startWindow(bed, ['nobody']);
    const visit = await bed.open({ url, path: 'resources' });
    const { page } = visit;
    const unowned = page.getByRole('region', { name: 'Unowned' }).filter({ hasText: /^\d/ });
    await expect(unowned.textContent()).resolves.toMatch(/^0/);
    const { digest } = await agent.get<{ digest: string }>('/api/v1/build');
    await page.getByRole('region', { name: 'Build' }).getByText(digest.slice(0, 12)).waitFor();
    const { tree } = await agent.get<{ tree: { scopes: { name: string }[] } }>('/api/v1/resources');
    for (const { name } of tree.scopes)
      await page.getByRole('region', { name: 'Scopes' }).getByText(name).first().waitFor();
  });
});
