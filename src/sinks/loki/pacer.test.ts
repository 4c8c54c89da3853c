import { describe, expect, test } from 'vitest';
import { Pacer } from './pacer.js';

const MIB = 1024 * 1024;

/** Loki's bucket of a tenant, and lanes that send to it, in simulated time. */
function simulate({
  limit,
  told,
  seconds,
  lanes,
  liveBytes,
}: {
  limit: number;
  told: boolean;
  seconds: number;
  lanes: number;
  liveBytes: number;
}) {
  const pacer = new Pacer();
  let nowMs = 1_000_000;
  const end = nowMs + seconds * 1000;
  let tokens = limit * 1.5;
  let atMs = nowMs;
  const counts = { taken: 0, limited: 0, longestLiveMs: 0 };
  const push = (bytes: number): boolean => {
    tokens = Math.min(limit * 1.5, tokens + ((nowMs - atMs) / 1000) * limit);
    atMs = nowMs;
    pacer.take(bytes, nowMs);
    if (bytes > tokens) {
      counts.limited++;
      pacer.limited(told ? limit : undefined, nowMs);
      return false;
    }
    tokens -= bytes;
    counts.taken += bytes;
    return true;
  };
  const busyUntil = Array<number>(lanes).fill(nowMs);
  let liveSince = nowMs;
  let liveNext = nowMs;
  for (; nowMs < end; nowMs++) {
    if (nowMs >= liveNext && pacer.waitMs(true, nowMs) === 0) {
      if (push(liveBytes)) {
        counts.longestLiveMs = Math.max(counts.longestLiveMs, nowMs - liveSince);
        liveSince = nowMs + 1_000;
        liveNext = liveSince;
      } else liveNext = nowMs + 250;
    }
    for (let lane = 0; lane < lanes; lane++) {
      if (nowMs < busyUntil[lane] || pacer.waitMs(false, nowMs) > 0) continue;
      busyUntil[lane] = nowMs + (push(MIB) ? 10 : 250);
    }
  }
  return { ...counts, share: counts.taken / (limit * seconds) };
}

describe('Pacer', () => {
  test('waits for nothing before the first 429', () => {
    const pacer = new Pacer();
    for (let ms = 0; ms < 1_000; ms++) {
      expect(pacer.waitMs(false, ms)).toBe(0);
      pacer.take(100 * MIB, ms);
    }
    pacer.limited(undefined, 1_000);
    expect(pacer.waitMs(false, 1_000)).toBeGreaterThan(0);
    expect(pacer.waitMs(true, 1_000)).toBe(0);
  });

  test.each([
    ['a limit that is told', 4 * MIB, true, 0.85],
    ['a limit that is not told', 4 * MIB, false, 0.75],
    ['a low one', 2 * MIB, true, 0.85],
    ['a low one that is not told', 2 * MIB, false, 0.75],
    ['a high one', 40 * MIB, true, 0.85],
    ['a high one that is not told, in the end', 40 * MIB, false, 0.5],
  ])('uses most of %s, with few 429s, and lets live lines pass', (_, limit, told, least) => {
    const { share, limited, longestLiveMs } = simulate({
      limit,
      told,
      seconds: 180,
      lanes: 4,
      liveBytes: 20_000,
    });
    expect(share).toBeGreaterThan(least);
    expect(share).toBeLessThan(1.02);
    expect(limited).toBeLessThan(60);
    expect(longestLiveMs).toBeLessThan(3_000);
  });

  test('finds out that a limit was raised, and forgets one that was lifted', () => {
    const pacer = new Pacer();
    pacer.limited(4 * MIB, 0);
    const rates: (number | undefined)[] = [];
    for (let ms = 0; ms <= 600_000; ms += 1_000) {
      pacer.waitMs(false, ms);
      rates.push(pacer.bytesPerSecond);
    }
    expect(rates[59]).toBeLessThan(4 * MIB);
    expect(rates[120]).toBeGreaterThan(8 * MIB);
    expect(rates.at(-1)).toBeUndefined();
  });
});
