/** What every browser test begins with: an engine, a browser, and pages that are looked after. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { describeWithEngine, type EngineBed, skipped } from '../../support/engine-test.js';
import { startChromium, whyNoChromium } from './chromium.js';
import { Visit, type VisitOptions } from './visit.js';

export interface BrowserBed extends EngineBed {
  /** Opens a page. After the test it is closed, and the test fails where it had faults. */
  readonly open: (options: Omit<VisitOptions, 'browser'>) => Promise<Visit>;
}

/** `describe` with an engine and a browser; skipped as a whole where one of them is not to be had. */
export function describeInBrowser(name: string, body: (bed: BrowserBed) => void): void {
  const why = whyNoChromium();
  const none = async (): Promise<never> => Promise.reject(new Error('There is no browser.'));
  if (why !== undefined) {
    skipped(name, `${name} needs Chromium, and it is not installed: ${why}.`, () =>
      describeWithEngine(name, (bed) => body({ ...bed, open: none })),
    );
    return;
  }
  describeWithEngine(name, (bed) => {
    let browser: Browser;
    const visits: Visit[] = [];
    beforeAll(async () => {
      browser = await startChromium();
    });
    afterEach(async () => {
      const ended = visits.splice(0);
      const faults = ended.flatMap((visit) => visit.faults);
      for (const visit of ended) await visit.close();
      expect(faults).toEqual([]);
    });
    afterAll(async () => browser.close());
    body({
      ...bed,
      open: async (options) => {
        const visit = await Visit.open({ browser, ...options });
        visits.push(visit);
        return visit;
      },
    });
  });
}
