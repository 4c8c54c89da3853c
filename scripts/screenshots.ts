/**
 * npm run screenshots: pictures of every page of the window, light and dark, on a desktop and on a phone, from a real agent
 * with containers that chatter. Needs an engine and Chromium as the tests do.
 *
 *   npm run screenshots -- --out docs/images/ui --pages live,search --warm-up 60
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { startChromium } from '../test/browser/support/chromium.js';
import { fontsForPictures } from '../test/browser/support/fonts.js';
import { PAGES } from '../test/browser/support/pages.js';
import { type Scene, startScene } from '../test/browser/support/scene.js';
import { DESKTOP, PHONE, Visit } from '../test/browser/support/visit.js';
import { obtainEngine } from '../test/support/engine.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'docs/images/ui' },
    /** Names of pages; all of them when left out. */
    pages: { type: 'string' },
    /** Seconds before the first picture, so that charts have something to show. */
    'warm-up': { type: 'string', default: '60' },
  },
});
const wanted = values.pages?.split(',');
const pages = PAGES.filter(({ name }) => wanted?.includes(name) ?? true);
const out = path.resolve(values.out);
mkdirSync(out, { recursive: true });

const folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-screenshots-'));
const engine = await obtainEngine();
let scene: Scene | undefined;
let browser: Browser | undefined;
try {
  scene = await startScene(engine.facts, folder);
  browser = await startChromium(fontsForPictures(folder));
  console.log(`The agent runs at ${scene.agent.url}; pictures in ${values['warm-up']} s.`);
  await sleep(Number(values['warm-up']) * 1000);
  for (const [device, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    for (const colorScheme of ['light', 'dark'] as const)
      await picture(browser, scene, device, viewport, colorScheme);
  }
} finally {
  await browser?.close();
  await scene?.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

async function picture(
  browser: Browser,
  { agent }: Scene,
  device: string,
  viewport: { width: number; height: number },
  colorScheme: 'light' | 'dark',
): Promise<void> {
  for (const { name, path: where, prepare } of pages) {
    const context = { viewport, colorScheme, deviceScaleFactor: device === 'phone' ? 2 : 1 };
    const visit = await Visit.open({ browser, url: agent.url, path: await where(agent.url), context });
    await prepare(visit);
    const file = path.join(out, `${name}-${device}-${colorScheme}.png`);
    await visit.page.screenshot({ path: file });
    console.log(path.relative(process.cwd(), file), ...visit.faults);
    await visit.close();
  }
}
