/** Every page for those who do not see it well or have no mouse, and for the light and the dark. */
import { expect, it, onTestFinished } from 'vitest';
import { startLoki } from '../support/loki/receiver.js';
import { seriousViolations } from './support/axe.js';
import { describeInBrowser } from './support/browser-test.js';
import { startSpeaker } from './support/containers.js';
import { PAGES } from './support/pages.js';
import { DESKTOP, PHONE } from './support/visit.js';
import { startWindow } from './support/window.js';

const LINES = [
  { line: '10.0.0.1 - - "GET / HTTP/1.1" 200 17' },
  { line: '{"level":"warn","msg":"slow","ms":900}' },
  { line: `too long for the receiver ${'x'.repeat(200)}` },
  {
    line: '\u001b[31mred\u001b[0m \u001b[33myellow\u001b[0m \u001b[34mblue\u001b[0m \u001b[90mgrey\u001b[0m',
  },
  { stream: 'stderr', line: 'Error: upstream timed out' },
  { stream: 'stderr', line: '    at request (/app/client.js:41:11)' },
  { stream: 'stderr', line: '    at async handler (/app/index.js:7:3)' },
] as const;

const WAYS = [
  { way: 'light, on a desktop', context: { viewport: DESKTOP, colorScheme: 'light' } },
  { way: 'dark, on a desktop', context: { viewport: DESKTOP, colorScheme: 'dark' } },
  { way: 'light, on a phone', context: { viewport: PHONE, colorScheme: 'light' } },
  { way: 'dark, on a phone', context: { viewport: PHONE, colorScheme: 'dark' } },
] as const;

describeInBrowser('every page', (bed) => {
  it('has nothing serious against it by axe, and does not scroll sideways', async () => {
    await startSpeaker(bed, {
      name: 'accessible',
      lines: LINES,
      script: 'setInterval(() => complain("error: still here"), 500);',
      labels: { 'com.docker.compose.project': 'shop' },
    });
    const loki = await startLoki({ limits: { maxLineBytes: 100 } });
    onTestFinished(async () => loki.close());
    const { url } = await startWindow(bed, ['accessible'], {
      sinks: { loki: { type: 'loki', url: loki.url } },
    });
    await loki.until(() => loki.requests.some(({ status }) => status === 400), 60_000, 'a refusal');
    const found: Record<string, unknown> = {};
    for (const { way, context } of WAYS) {
      const visit = await bed.open({ url, context });
      for (const { name, path, prepare } of PAGES) {
        await visit.go(await path(url));
        await prepare(visit);
        const against = await seriousViolations(visit.page);
        const wider = await visit.page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        if (wider > 0) against.push(`it is ${wider} pixels wider than the screen`);
        if (against.length > 0) found[`${name}, ${way}`] = against;
      }
    }
    expect(found).toEqual({});
  });
});
