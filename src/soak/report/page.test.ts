import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SOAK_HEAD, soakSample } from '../../../test/support/soak-samples.js';
import type { Criterion } from '../../selftest/criteria.js';
import { markup } from '../../selftest/report/markup.js';
import { STYLE } from '../../selftest/report/style.js';
import type { Sample, SoakReport } from '../types.js';
import { page } from './page.js';

const HOSTILE = `</td></title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>"'&\u0000\u001b]0;x\u0007\u202e`;
const CRITERIA: Criterion[] = [
  { id: 'lines', mark: 'each exactly once', measured: '1,000 lines', verdict: 'pass' },
  { id: 'memory.live', mark: 'less than 1 MB an hour', measured: '+0.3', verdict: 'short' },
  { id: 'growth.timer', mark: 'less than 0.1 a minute', measured: '+3 a minute', verdict: 'fail' },
];
const SAMPLES = Array.from({ length: 300 }, (_, i) => soakSample(i, 300, 2, () => (i * 0.37) % 1));

function report(parts: Partial<SoakReport> = {}): SoakReport {
  return { ...SOAK_HEAD, passed: false, criteria: CRITERIA, events: [], samples: SAMPLES, ...parts };
}

/** Every tag, as a browser would begin one. */
function tags(html: string): string[] {
  return [...html.matchAll(/<\/?([a-z!][a-z0-9]*)/gi)].map(([, name]) => name);
}

describe('the page', () => {
  test('has each criterion with mark, figure and verdict, the failed ones first', () => {
    const html = page(report(), 300);
    const rows = [...html.matchAll(/<tr class="(\w+)">(.*?)<\/tr>/gs)].map(([, verdict, row]) => ({
      verdict,
      cells: row
        .split(/<\/t[dh]>/)
        .map((cell) => cell.replaceAll(/<[^>]*>/g, ''))
        .slice(0, 4),
    }));
    expect(rows).toEqual([
      { verdict: 'fail', cells: ['FAIL', 'growth.timer', 'less than 0.1 a minute', '+3 a minute'] },
      { verdict: 'short', cells: ['SHORT', 'memory.live', 'less than 1 MB an hour', '+0.3'] },
      { verdict: 'pass', cells: ['PASS', 'lines', 'each exactly once', '1,000 lines'] },
    ]);
    expect(html).toContain('<p class="verdict fail">FAIL</p>');
    expect(html).toContain(SOAK_HEAD.build.digest);
  });

  test('asks for nothing and runs nothing', () => {
    const html = page(report(), 300);
    expect(html).not.toMatch(/https?:|\bsrc=|\bhref=(?!"#)|url\(|@import|<script|<link|<iframe|\son\w+=/i);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('what others wrote adds no tag and no attribute', () => {
    const innocent = (text: string): SoakReport =>
      report({
        command: text,
        engine: text,
        machine: { [`k${text}`]: text },
        build: { ...SOAK_HEAD.build, version: text, revision: text, digest: text },
        criteria: [{ id: text, mark: text, measured: text, verdict: 'fail' }],
        events: [{ seconds: 5, text }],
        samples: SAMPLES.map((sample) => ({ ...sample, resources: { [text]: 3 }, unowned: { [text]: 0 } })),
      });
    const html = page(innocent(HOSTILE), 300);
    expect(tags(html)).toEqual(tags(page(innocent('x'), 300)));
    expect(html).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('stays small, whatever came', () => {
    const kinds = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`kind ${i}`, i]));
    let seed = 1;
    const noise = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const samples = Array.from({ length: 2_400 }, (_, i): Sample => {
      const sample = soakSample(i, 2_400, 2, noise);
      const noisy = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, noise() * 1e9]));
      return { ...sample, resources: noisy, unowned: noisy, fds: noise() * 1e9 };
    });
    const events = Array.from({ length: 1_000 }, (_, i) => ({ seconds: i * 4.8, text: '<&'.repeat(5_000) }));
    expect(page(report({ samples, events }), 2_400).length).toBeLessThan(1_000_000);
  });

  test.each([
    ['nothing yet', []],
    ['one sample', SAMPLES.slice(0, 1)],
    [
      'figures that nobody tells',
      SAMPLES.map((sample) => ({ ...sample, fds: undefined, proxy: undefined, residentBytes: undefined })),
    ],
    [
      'figures that are none',
      SAMPLES.map((sample) => ({ ...sample, fds: Number.NaN, streams: Number.POSITIVE_INFINITY })),
    ],
  ])('draws what there is: %s', (_, samples) => {
    const html = page(report({ passed: undefined, criteria: [], samples }), samples.length);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    expect(html).toContain('RUNNING');
  });

  test('a planted growth is told with its slope', () => {
    const samples = Array.from({ length: 600 }, (_, i) => soakSample(i, 600, 2, () => 0.5, 30));
    const [, slope] = /<h3>timer<\/h3><p class="slope">([^<]*)/.exec(page(report({ samples }), 600)) ?? [];
    expect(slope).toMatch(/^\+(29\.\d+|30(\.\d+)?) a minute \(\+/);
  });
});

test('no text breaks out of a template', () => {
  const left = /[<>"']|&(?!(amp|lt|gt|quot|#39);)/;
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !left.test(markup`${text}`.text)));
  expect(markup`${[markup`<b>`, '<b>', undefined, 7]}`.text).toBe('<b>&lt;b&gt;7');
  expect(STYLE.text).not.toContain('</');
});
