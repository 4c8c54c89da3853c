/** What axe-core has against a page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Each serious or critical violation as one sentence with the first elements that have it. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // Evaluated from outside, as a debugger does: the page's own policy lets no script in.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => {
      const where = nodes
        .slice(0, 3)
        .map(
          (node) =>
            `${node.target.join(' ')} (${node.failureSummary?.split('\n').slice(1).join(';').trim()})`,
        );
      return `${id}: ${help}: ${nodes.length} ×, ${where.join(' | ')}`;
    });
}
