import { expect, test } from 'vitest';
import { type BannerFacts, renderBanner } from './banner.js';

const FACTS: BannerFacts = {
  build: { version: '0.1.0', revision: 'abc', digest: '0123456789abcdef', dirty: false },
  sources: [
    {
      name: 'containers',
      what: 'Docker 20.10.24 "vm" at unix:///var/run/docker.sock',
      isWell: true,
      captured: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
      left: new Map([['its log belongs to root', ['db']]]),
      skippedHistoryBytes: 3 * 1024 ** 3,
    },
    {
      name: 'other',
      what: 'No engine there. Start Docker.',
      isWell: false,
      captured: [],
      left: new Map(),
      skippedHistoryBytes: 0,
    },
  ],
  dataDir: '/data',
  journalMaxBytes: 2 * 1024 ** 3,
  journalMaxAgeMs: 7 * 86_400_000,
  sinks: ['local (file, /data/logs)'],
  url: 'http://127.0.0.1:8401',
};

const PLAIN = `
log-capturer 0.1.0 (sources 0123456789abcdef)

  containers  Docker 20.10.24 "vm" at unix:///var/run/docker.sock
              8 containers captured: a, b, c, d, e, f and 2 more
              1 container not captured, its log belongs to root: db
              3 GiB of old lines left out (start_at, max_history_bytes)
  other       No engine there. Start Docker.
  history     /data, at most 2 GiB and 7d
  sinks       local (file, /data/logs)
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
