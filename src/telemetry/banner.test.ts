import { expect, test } from 'vitest';
import { type BannerFacts, renderBanner } from './banner.js';

const FACTS: BannerFacts = {
  build: { version: '0.1.0', revision: 'abc', digest: '0123456789abcdef', dirty: false },
  sources: [
    {
      name: 'containers',
      what: 'Docker 20.10.24 "vm" at unix:///var/run/docker.sock',
      isWell: true,
      captured: new Map([
        ['file', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']],
        ['api', ['tty']],
      ]),
      left: new Map([['its log belongs to root', ['db']]]),
      skippedHistoryBytes: 3 * 1024 ** 3,
    },
    {
      name: 'other',
      what: 'No engine there. Start Docker.',
      isWell: false,
      captured: new Map(),
      left: new Map(),
      skippedHistoryBytes: 0,
    },
  ],
  history: {
    dataDir: '/data',
    maxBytes: 2 * 1024 ** 3,
    maxAgeMs: 7 * 86_400_000,
    isLostWithContainer: false,
  },
  isDryRun: false,
  sinks: ['local (file, /data/logs)'],
  url: 'http://127.0.0.1:8401',
  metricsUrl: 'http://127.0.0.1:8001/metrics',
};

const PLAIN = `
log-capturer 0.1.0 (sources 0123456789abcdef)

  containers  Docker 20.10.24 "vm" at unix:///var/run/docker.sock
              8 containers captured from their log files: a, b, c, d, e, f and 2 more
              1 container captured through the engine's API: tty
              1 container not captured, its log belongs to root: db
              3 GiB of old lines left out (start_at, max_history_bytes)
  other       No engine there. Start Docker.
  history     /data, at most 2 GiB and 7d
  sinks       local (file, /data/logs)
  metrics     http://127.0.0.1:8001/metrics
  page        http://127.0.0.1:8401

`;

test('says everything, aligned', () => {
  expect(renderBanner(FACTS, false)).toBe(PLAIN);
});

test('colours add nothing but colours', () => {
  const colored = renderBanner(FACTS, true);
  expect(colored).toContain('\u001b[33mNo engine there. Start Docker.\u001b[0m');
  expect(
    colored
      .split('\u001b')
      .map((part) => part.replace(/^\[\d+m/, ''))
      .join(''),
  ).toBe(PLAIN);
});

test('without sinks and build digest', () => {
  const text = renderBanner(
    { ...FACTS, sources: [], sinks: [], build: { ...FACTS.build, dirty: true } },
    false,
  );
  expect(text).toContain('(sources 0123456789abcdef, changed)');
  expect(text).toContain('sinks    none, the history only');
});

test('a history that goes with the container is warned of', () => {
  const text = renderBanner({ ...FACTS, history: { ...FACTS.history, isLostWithContainer: true } }, false);
  expect(text).toContain(
    '\n              history and positions are lost with this container: mount a volume at /data\n',
  );
});

test('a dry run says what it is, and names nothing that it does not have', () => {
  const text = renderBanner({ ...FACTS, isDryRun: true }, false);
  expect(text).toContain('  dry run     lines are shown on standard output');
  expect(text).not.toMatch(/^ {2}(history|sinks|metrics|page)/m);
});
