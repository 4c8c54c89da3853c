/**
 * One page of the agent in a browser, watched from its first byte: what it says on its console, what it throws, what its
 * Content-Security-Policy refuses, what it asks of anybody but the agent, dialogs and windows that it opens. All of that
 * is a fault, and tests end with `faults` empty.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

export const DESKTOP = { width: 1440, height: 900 } as const;
export const PHONE = { width: 360, height: 780 } as const;
/** High enough that some hundred lines are in sight at once. */
export const TALL = { width: 1440, height: 8_000 } as const;

export interface VisitOptions {
  readonly browser: Browser;
  /** Where the page is: the agent's address, with its base path, without a slash at the end. */
  readonly url: string;
  /** What follows `#/`, as `live?query=…`. */
  readonly path?: string;
  readonly context?: BrowserContextOptions;
  /** Console messages that are no faults: what the browser itself says of an answer that the test provokes. */
  readonly allow?: RegExp;
}

/** A row as the list of lines has it. */
export interface ShownLine {
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  /** Of its first line, where others belong to it. */
  readonly text: string;
  /** Pixels from the top of the window. */
  readonly top: number;
}

export class Visit {
  readonly page: Page;
  readonly faults: string[] = [];
  readonly #context: BrowserContext;
  readonly #url: string;

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context;
    this.page = page;
    this.#url = url;
  }

  static async open({ browser, url, path = 'live', context = {}, allow }: VisitOptions): Promise<Visit> {
    const made = await browser.newContext({
      viewport: DESKTOP,
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      ...context,
    });
    const visit = new Visit(made, await made.newPage(), url);
    visit.#watch(allow);
    await visit.go(path);
    return visit;
  }

  /** Shows another page of the window. */
  async go(path: string): Promise<void> {
    await this.page.goto(`${this.#url}/#/${path}`);
  }

  /** What follows the `#` of the address that is shown. */
  get hash(): string {
    return new URL(this.page.url()).hash.replace(/^#/, '');
  }

  /** The field for the query. */
  get query(): Locator {
    return this.page.getByRole('combobox', { name: 'Query' });
  }

  /** The list of lines. */
  get log(): Locator {
    return this.page.getByRole('log');
  }

  /** The rows of lines that are in the document, which are those in sight and some around them. */
  get rows(): Locator {
    return this.log.locator('[data-row="line"]');
  }

  /** What is in sight of those rows, from above to below. */
  async lines(): Promise<ShownLine[]> {
    return this.page.evaluate<ShownLine[]>(`(() => {
      const log = document.querySelector('[role="log"]').getBoundingClientRect();
      return [...document.querySelectorAll('[role="log"] [data-row="line"]')]
        .map((row) => ({ row, box: row.getBoundingClientRect() }))
        .filter(({ box }) => box.bottom > log.top && box.top < log.bottom)
        .map(({ row, box }) => ({
          time: row.dataset.time,
          container: row.dataset.container,
          stream: row.dataset.stream,
          text: row.querySelector('[data-part="text"]').textContent,
          top: Math.round(box.top),
        }));
    })()`);
  }

  /** What `lines` answers once nothing of it moves any more: a list that is scrolled goes on for some frames. */
  async linesAtRest(): Promise<ShownLine[]> {
    for (let before = await this.lines(); ; ) {
      await this.frames();
      const now = await this.lines();
      if (isDeepStrictEqual(now, before)) return now;
      before = now;
    }
  }

  /** Resolves when what was asked for before has been drawn. */
  async frames(): Promise<void> {
    await this.page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    );
  }

  /** The row whose text has this in it. */
  row(text: string | RegExp): Locator {
    return this.rows.filter({ hasText: text });
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  #watch(allow: RegExp | undefined): void {
    const { page } = this;
    const origin = new URL(this.#url).origin;
    const fault = (what: string): void => {
      if (!allow?.test(what)) this.faults.push(what);
    };
    // Chromium tells refusals of the Content-Security-Policy as errors on the console.
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) fault(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => fault(`thrown: ${error.stack ?? error.message}`));
    page.on('crash', () => fault('the page crashed'));
    page.on('dialog', (dialog) => {
      fault(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    this.#context.on('page', (other) => {
      if (other !== page) fault(`a window was opened: ${other.url()}`);
    });
    this.#context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== origin)
        fault(`asked of somebody else: ${request.url()}`);
    });
    this.#context.on('response', (response) => {
      if (response.status() >= 500) fault(`answered ${response.status()}: ${response.url()}`);
    });
  }
}
