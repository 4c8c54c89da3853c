/** Lines that want to be more than text: through a real container and its json-file onto the pages. */
import { expect, it } from 'vitest';
import { describeInBrowser } from './support/browser-test.js';
import { startSpeaker } from './support/containers.js';
import { HOSTILE_LINES, LONG_LINES } from './support/hostile-lines.js';
import type { Visit } from './support/visit.js';
import { startWindow } from './support/window.js';

/** High enough that all of them are in sight. */
const TALL = { width: 1440, height: 8_000 };
// A tab is text; what else is not printed, or turns text around, has to be shown by something that is.
const UNSAFE = /(?!\t)[\p{Cc}\p{Bidi_Control}]/u;

const nameOf = (i: number): string => `#${String(i).padStart(2, '0')}#`;

/** What the lines would have done, if they had been more than text. */
async function deeds({ page }: Visit): Promise<unknown> {
  return page.evaluate(`({
    canary: typeof window.canary,
    polluted: typeof ({}).canary,
    title: document.title,
    strangers: [...document.querySelectorAll('img, iframe, object, embed, form, base, meta[http-equiv], script:not([src]), [onerror], [onload]')].map((e) => e.outerHTML),
    links: [...document.querySelectorAll('a')].map((a) => a.protocol).filter((p) => p !== location.protocol),
  })`);
}

describeInBrowser('hostile lines', (bed) => {
  it('are text on the live page, in its details, in the search and behind a permalink', async () => {
    await startSpeaker(bed, {
      name: 'hostile',
      lines: HOSTILE_LINES.map(({ line }, i) => ({
        line: Buffer.concat([Buffer.from(`${nameOf(i)} `), Buffer.from(line)]),
      })),
      script: `${LONG_LINES} let n = 0; setInterval(() => say('tick ' + ++n), 100);`,
      labels: {
        'com.docker.compose.project': '<img src=x onerror=window.canary=1>',
        'com.docker.compose.service': '"><script>window.canary=1</script>',
      },
    });
    const { url } = await startWindow(bed, ['hostile']);
    const query = '{container="hostile"} != "tick"';
    const visit = await bed.open({
      url,
      path: `live?${new URLSearchParams({ query }).toString()}`,
      context: { viewport: TALL },
    });
    await visit.row('long: xxx').waitFor();
    const before = await deeds(visit);
    expect(before).toMatchObject({ canary: 'undefined', polluted: 'undefined', strangers: [], links: [] });
    for (const [i, { what, shown }] of HOSTILE_LINES.entries()) {
      const text = (await visit.row(nameOf(i)).locator('[data-part="text"]').textContent()) ?? '';
      expect(UNSAFE.exec(text), what).toBeNull();
      for (const part of shown) expect(text, what).toContain(part);
    }
  });
});
