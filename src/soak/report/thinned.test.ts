import { describe, expect, test } from 'vitest';
import { soakSample } from '../../../test/support/soak-samples.js';
import type { Sample } from '../types.js';
import { ThinnedSamples } from './thinned.js';

const COUNT = 100_000;
const PEAKS = [7, 31_234, 60_001, 93_999];

function fed(): { thinned: ThinnedSamples; most: number } {
  const thinned = new ThinnedSamples();
  let most = 0;
  for (let i = 0; i < COUNT; i++) {
    const sample = soakSample(i, COUNT, 2, () => 0.5);
    thinned.add(PEAKS.includes(i) ? { ...sample, fds: 10_000 + i, unowned: { pipe: i } } : sample);
    if (i % 500 === 0) most = Math.max(most, thinned.list().length);
  }
  return { thinned, most };
}

describe('thinned samples', () => {
  const { thinned, most } = fed();
  const kept = thinned.list();

  test('are few at any time, however many came, and lie in the order of time', () => {
    expect(thinned.count).toBe(COUNT);
    expect(most).toBeLessThanOrEqual(2_420);
    expect(kept.length).toBeGreaterThan(1_000);
    const seconds = kept.map((sample) => sample.seconds);
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
    expect([seconds[0], seconds.at(-1)]).toEqual([0, (COUNT - 1) * 2]);
  });

  test('keep every peak, also of a kind that is there only then', () => {
    const peaks = kept.filter((sample) => (sample.fds ?? 0) >= 10_000);
    expect(peaks.map(({ fds }) => fds)).toEqual(PEAKS.map((i) => 10_000 + i));
    const pipes = kept.map(({ unowned }) => unowned['pipe'] ?? 0).filter((pipes) => pipes > 0);
    expect(pipes).toEqual(PEAKS);
  });

  test('are equally dense all along', () => {
    const half = (COUNT - 1) * 1;
    const before = kept.filter(({ seconds }) => seconds < half).length;
    expect(Math.abs(before / kept.length - 0.5)).toBeLessThan(0.02);
  });

  test('tell of totals what was measured at that time', () => {
    for (const { seconds, linesSeen } of kept) {
      expect(linesSeen).toBe(soakSample(seconds / 2, COUNT, 2, () => 0.5).linesSeen);
    }
  });

  test('keep the phases apart, and those without a figure without it', () => {
    const phases = kept.filter(({ phase }, i) => phase !== kept[i - 1]?.phase).map(({ phase }) => phase);
    expect(phases).toEqual(['baseline', 'warm-up', 'run', 'draining', 'drained']);
    for (const { seconds, phase } of kept) {
      expect(phase).toBe(soakSample(seconds / 2, COUNT, 2, () => 0.5).phase);
    }
    const silent = new ThinnedSamples();
    const { fds: _, ...rest } = soakSample(0, 10, 2, () => 0.5);
    for (let i = 0; i < 5_000; i++) silent.add({ ...rest, fds: undefined, seconds: i });
    expect(silent.list().every(({ fds }) => fds === undefined)).toBe(true);
  });

  test('remember the worse health', () => {
    const mixed = new ThinnedSamples();
    const sample: Sample = soakSample(50, 100, 2, () => 0.5);
    for (let i = 0; i < 5_000; i++)
      mixed.add({ ...sample, health: i === 2_000 ? 'degraded' : 'healthy', seconds: i });
    expect(mixed.list().some(({ health }) => health === 'degraded')).toBe(true);
  });
});
