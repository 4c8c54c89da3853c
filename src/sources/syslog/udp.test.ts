import { describe, expect, test } from 'vitest';
import type { LineTime } from '../../pipeline/line-time.js';
import { NOW_MS, syslogKit, until } from './testing/syslog-kit.js';

const kit = syslogKit();

describe('datagrams', () => {
  test('while the journal is behind so many are kept; the others are a gap with their number', async () => {
    let letGo: () => void = () => {};
    await kit.run({ maxLineBytes: 1024 ** 2 });
    kit.wait = new Promise((resolve) => {
      letGo = resolve;
    });
    await kit.datagrams('<13>a: first');
    await until(() => kit.lines.length === 1);
    const large = `<13>a: ${'x'.repeat(60_000)}`;
    // More than may wait, slowly enough for the kernel's buffer.
    for (let i = 0; i < 200; i++) {
      await kit.datagrams(large);
      for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    }
    kit.nowMs += 1000;
    kit.wait = undefined;
    letGo();
    // What was sent before it has been taken or dropped when this one is there.
    await kit.datagrams('<13>a: last');
    await until(() => kit.texts.includes('last'));
    await kit.root.close();
    const dropped = kit.gaps.reduce((sum, [{ lines: count = 0 }]) => sum + count, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(kit.lines.length + dropped).toBe(202);
    const at = (ms: number): LineTime => ({ seconds: ms / 1000, nanos: 0 });
    expect(kit.gaps[0]).toEqual([
      { why: 'overflow', from: at(NOW_MS), to: at(NOW_MS + 1000), lines: expect.any(Number) },
      { env: 'a', container: 'net' },
    ]);
  });

  test.skipIf(process.platform !== 'linux')('what the kernel dropped is a gap with its number', async () => {
    await kit.run({ maxLineBytes: 1024 ** 2 });
    // Sent in one go: nobody reads meanwhile, and no buffer is that large.
    await kit.datagrams(...Array.from({ length: 400 }, () => `<13>a: ${'x'.repeat(60_000)}`));
    // Until the buffer is empty again: each turn takes 32.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    await kit.datagrams('<13>a: last');
    await until(() => kit.texts.includes('last'));
    await kit.root.close();
    const dropped = kit.gaps.reduce((sum, [{ lines: count = 0 }]) => sum + count, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(kit.lines.length + dropped).toBe(401);
  });

  test('an empty one is nothing', async () => {
    await kit.run();
    await kit.datagrams('', '<13>a: x');
    await until(() => kit.lines.length > 0);
    expect(kit.texts).toEqual(['x']);
  });
});
