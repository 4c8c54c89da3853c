/** Lines that want to be more than text: through a real container and its json-file onto the pages. */
import { expect, it } from 'vitest';
import { describeInBrowser } from './support/browser-test.js';
import { startSpeaker } from './support/containers.js';
import { HOSTILE_LINES, LONG_LINES } from './support/hostile-lines.js';
import { TALL, type Visit } from './support/visit.js';
import { startWindow } from './support/window.js';

// A tab is text; what else is not printed, or turns text around, has to be shown by something that is.
const UNSAFE = /(?!\t)[\p{Cc}\p{Bidi_Control}]/u;

/** A long line is higher than it looks: its middle may be anything. */
const AT_ITS_BEGINNING = { x: 8, y: 8 };

const nameOf = (i: number): string => `#${String(i).padStart(2, '0')}#`;

interface Deeds {
  readonly canary: string;
  readonly polluted: string;
  readonly title: string;
  readonly strangers: readonly string[];
  readonly links: readonly string[];
}

/** What the lines would have done, if they had been more than text. */
async function deeds({ page }: Visit): Promise<Deeds> {
  return page.evaluate<Deeds>(`({
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
    const unharmed = await deeds(visit);
    expect(unharmed).toMatchObject({ canary: 'undefined', polluted: 'undefined', strangers: [], links: [] });
    for (const [i, { what, shown }] of HOSTILE_LINES.entries()) {
      const text = (await visit.row(nameOf(i)).locator('[data-part="text"]').textContent()) ?? '';
      expect(UNSAFE.exec(text), what).toBeNull();
      for (const part of shown) expect(text, what).toContain(part);
    }
    expect(await deeds(visit)).toEqual(unharmed);

    for (const [i, { what }] of HOSTILE_LINES.entries()) {
      const text = visit.row(nameOf(i)).locator('[data-part="text"]');
      await text.click({ position: AT_ITS_BEGINNING });
      const detail = visit.log.locator('.is-expanded .detail');
      await detail.waitFor();
      expect(UNSAFE.exec((await detail.textContent()) ?? ''), what).toBeNull();
      expect(await deeds(visit), what).toEqual(unharmed);
      await text.click({ position: AT_ITS_BEGINNING });
      await detail.waitFor({ state: 'detached' });
    }
    for (const [start, whole] of [
      // What is longer than the source's max_line_bytes of 512 KiB is cut there.
      ['long: xxx', /^long: x{500000,}/],
      ['deep: [[[', /^deep: \[{100000}\]{100000}$/],
      ['{"k":{"k":', /^(\{"k":){50000}1\}{50000}$/],
    ] as const) {
      const text = visit.row(start).locator('[data-part="text"]');
      await text.click({ position: AT_ITS_BEGINNING });
      await visit.page.getByRole('button', { name: /the whole line/i }).click();
      const shown = await visit.page.getByRole('region', { name: /the whole line/i }).textContent();
      expect(whole.test(shown ?? ''), start).toBe(true);
      expect(await deeds(visit), start).toEqual(unharmed);
      await text.click({ position: AT_ITS_BEGINNING });
      await visit.log.locator('.is-expanded').waitFor({ state: 'detached' });
    }

    await visit.go(`search?${new URLSearchParams({ query }).toString()}`);
    await visit.row('long: xxx').waitFor();
    await visit.row(nameOf(HOSTILE_LINES.length - 1)).waitFor();
    const { title: _live, ...rest } = unharmed;
    expect(await deeds(visit)).toMatchObject(rest);
    const script = await visit.row(nameOf(1)).getAttribute('data-time');
    await visit.go(
      `line?${new URLSearchParams({ container: 'hostile', time: script ?? '', stream: 'stdout' }).toString()}`,
    );
    await visit.log
      .locator('[aria-current="true"]')
      .filter({ hasText: nameOf(1) })
      .waitFor();
    expect(await deeds(visit)).toMatchObject(rest);
    await visit.go('containers');
    await visit.page.getByText('<img src=x onerror=window.canary=1>').first().waitFor();
    expect(await deeds(visit)).toMatchObject(rest);

    // The page is alive after all of that.
    await visit.go(`live?${new URLSearchParams({ query: '{container="hostile"} |= "tick"' }).toString()}`);
    const first = Number(
      /\d+/.exec(
        (
          await visit
            .row(/tick \d+/)
            .last()
            .textContent()
        )?.split('tick')[1] ?? '',
      )?.[0],
    );
    await visit
      .row(`tick ${first + 20}`)
      .first()
      .waitFor();
    expect(await deeds(visit)).toMatchObject(rest);
  });
});
