/** Every page of the window, and when it is there to be judged or pictured. */
import type { Locator, Page } from 'playwright-core';
import type { Visit } from './visit.js';

export interface WindowPage {
  readonly name: string;
  /** What follows `#/` on the agent at `url`. */
  readonly path: (url: string) => string | Promise<string>;
  /** Resolves when the page shows what it has; may do what brings it into the state worth a look. */
  readonly prepare: (visit: Visit) => Promise<void>;
}

const linesAreThere = async ({ rows }: Visit): Promise<void> => rows.first().waitFor();

const searchIsOver = async (visit: Visit): Promise<void> => {
  await linesAreThere(visit);
  await visit.page.getByRole('status').filter({ hasText: 'scanned in' }).first().waitFor();
};

const isThere =
  (of: (page: Page) => Locator) =>
  async ({ page }: Visit): Promise<void> =>
    of(page).first().waitFor();

/** Some of them need what `scene.ts` and the tests make: lines, an error among them, a dead letter. */
export const PAGES: readonly WindowPage[] = [
  { name: 'live', path: () => 'live', prepare: linesAreThere },
  { name: 'search', path: () => 'search?query=error', prepare: searchIsOver },
  { name: 'line', path: newestLine, prepare: linesAreThere },
  {
    name: 'containers',
    path: () => 'containers',
    prepare: isThere((page) => page.getByRole('table', { name: 'Containers' })),
  },
  { name: 'flow', path: () => 'flow', prepare: isThere((page) => page.getByText('lines unaccounted for')) },
  {
    name: 'dead-letters',
    path: () => 'dead-letters',
    prepare: isThere((page) => page.getByRole('button', { name: /^Redrive all/ })),
  },
  {
    name: 'resources',
    path: () => 'resources',
    prepare: isThere((page) => page.getByRole('region', { name: 'Scopes' })),
  },
  {
    name: 'settings',
    path: () => 'settings',
    prepare: isThere((page) => page.getByLabel('Configuration in force')),
  },
  { name: 'check', path: () => 'settings?view=check', prepare: mistyped },
  {
    name: 'alerts',
    path: () => 'alerts',
    prepare: isThere((page) => page.getByRole('button', { name: 'New alert' })),
  },
  {
    name: 'new-alert',
    path: () => 'alerts?edit=new&query=error',
    prepare: isThere((page) => page.getByRole('form', { name: 'New alert' })),
  },
];

/** A configuration with what people get wrong. */
async function mistyped({ page }: Visit): Promise<void> {
  await page
    .getByRole('textbox', { name: 'Configuration to check' })
    .fill(
      'journal:\n  max_age: 30d\nsinks:\n  loki:\n    url: https://loki.example.org\n    tennant: team-a\n    timeout: 10\n',
    );
  await page.getByRole('list', { name: 'Problems' }).waitFor();
}

/** The permalink of some line of the last minute that is an error, as the search finds it. */
async function newestLine(url: string): Promise<string> {
  const answer = await fetch(
    `${url}/api/v1/search?${new URLSearchParams({ query: 'error', limit: '1' }).toString()}`,
  );
  const body = await answer.text();
  const event = /^event: lines\ndata: (.*)$/m.exec(body)?.[1];
  if (event === undefined) throw new Error(`The search finds no error: ${body.slice(0, 500)}`);
  const { lines } = JSON.parse(event) as { lines: { container: string; time: string; stream: string }[] };
  const { container, time, stream } = lines[0];
  return `line?${new URLSearchParams({ container, time, stream }).toString()}`;
}
