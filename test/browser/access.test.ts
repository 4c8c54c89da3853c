/** Who gets in, and from where: a login, and a path behind a proxy. */
import { expect, it, onTestFinished } from 'vitest';
import { describeInBrowser } from './support/browser-test.js';
import { startSpeaker, ticking } from './support/containers.js';
import { startProxy } from './support/proxy.js';
import { startWindow } from './support/window.js';

const TOKEN = 'correct-horse-battery-staple';
// Chromium's own words for answers of 401, which are what these tests are about.
const REFUSALS = /console: Failed to load resource: the server responded with a status of 401/;

describeInBrowser('the way in', (bed) => {
  it('asks for the token, says that a wrong one is wrong, and shows the lines to the right one', async () => {
    await startSpeaker(bed, { name: 'access-login', script: ticking(10) });
    const { url } = await startWindow(bed, ['access-login'], { server: { auth: 'token', token: TOKEN } });
    const visit = await bed.open({ url, allow: REFUSALS });
    const token = visit.page.getByLabel('Token');
    await token.fill('a wrong one');
    await token.press('Enter');
    await expect(visit.page.getByRole('alert').textContent()).resolves.toMatch(/token/i);
    await visit.page.getByLabel('Token').fill(TOKEN);
    await visit.page.getByLabel('Token').press('Enter');
    await visit
      .row(/^.*tick \d+/)
      .first()
      .waitFor();
    expect(visit.page.url()).not.toContain(TOKEN);
    const [cookie, ...others] = await visit.page.context().cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie.value).not.toContain(TOKEN);
  });

  it('shows everything below the path that a proxy gives it, and asks for nothing beside it', async () => {
    await startSpeaker(bed, { name: 'access-proxy', script: ticking(10) });
    const { url } = await startWindow(bed, ['access-proxy'], { server: { base_path: '/logs' } });
    const proxy = await startProxy(new URL(url).origin, '/logs');
    onTestFinished(async () => proxy.close());
    const visit = await bed.open({ url: proxy.url });
    const asked: string[] = [];
    visit.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await visit
      .row(/tick \d+/)
      .first()
      .waitFor();
    for (const page of ['containers', 'flow', 'search', 'live']) {
      await visit.page
        .getByRole('navigation')
        .getByRole('link', { name: new RegExp(`^${page}$`, 'i') })
        .click();
      await visit.page.getByRole('heading', { level: 1, name: new RegExp(page, 'i') }).waitFor();
    }
    await visit
      .row(/tick \d+/)
      .first()
      .waitFor();
    expect(asked.filter((path) => !path.startsWith('/logs/'))).toEqual([]);
    expect(asked).toContain('/logs/api/v1/containers');
  });
});
