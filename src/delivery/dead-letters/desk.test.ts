import { afterEach, describe, expect, test } from 'vitest';
import { blockOf } from '../../../test/support/blocks.js';
import type { Block, Delivered } from '../../pipeline/contract.js';
import { AgentError } from '../../runtime/errors.js';
import type { Scope } from '../../runtime/scope.js';
import { DeadLetterDesk } from './desk.js';
import type { Redriveable } from './redrive.js';
import { contents, NEVER, openLetters, refused, tenLines, textsOf } from './testing/test-letters.js';

const START = { bundle: 0, line: 0 };

const scopes: Scope[] = [];
afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close();
});

/** A sink that refuses lines with these texts, and remembers what it was given. */
class Picky implements Redriveable {
  refuses: RegExp = /^$/;
  failures: unknown[] = [];
  readonly taken: string[] = [];
  readonly given: number[][] = [];

  async redrive(blocks: readonly Block[]): Promise<Delivered> {
    this.given.push(blocks.map(({ lsn }) => lsn));
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const refusals = blocks.map((block) => {
      const texts = textsOf(block.payload);
      const rows = texts.flatMap((text, row) => (this.refuses.test(text) ? [row] : []));
      this.taken.push(...texts.filter((text) => !this.refuses.test(text)).map((text) => text.trim()));
      return refused({ ...block, lane: 8 }, rows, 'other');
    });
    const all = refusals.filter(({ rows }) => rows.length > 0);
    const lines = blocks.reduce((sum, block) => sum + block.lines, 0);
    const count = all.reduce((sum, { rows }) => sum + rows.length, 0);
    return { delivered: lines - count, rejected: new Map([['other', count]]), refused: all };
  }
}

async function openDesk(now = () => 1_000) {
  const opened = await openLetters(undefined, {}, now);
  scopes.push(opened.scope);
  const sinks = new Map([
    ['loki', new Picky()],
    ['second', new Picky()],
  ]);
  const loki = sinks.get('loki') as Picky;
  return { ...opened, loki, sinks, desk: new DeadLetterDesk(opened.store, opened.scope, sinks) };
}

describe('a redrive', () => {
  test('takes out what the sink takes, once, and leaves what it refuses again with its reason', async () => {
    const { desk, store, loki, sinks } = await openDesk();
    await store.keep(
      'loki',
      [refused(tenLines(1), [0, 1, 2]), refused(tenLines(1), [5], 'max_labels')],
      NEVER,
    );
    await store.keep('second', [refused(tenLines(1), [7])], NEVER);
    loki.refuses = /^1\/[15]/;
    const result = await desk.redrive({ sink: 'loki' });
    expect(result).toEqual({ delivered: 2, refused: { other: 2 }, left: 0, trouble: undefined });
    expect(loki.taken).toEqual(['1/0 x', '1/2 x']);
    expect(await contents(store)).toEqual([
      'loki other 2: 1/1 x',
      'loki other 2: 1/5 x',
      'second too_old 1: 1/7 x',
    ]);
    loki.refuses = /^$/;
    expect(await desk.redrive({})).toMatchObject({ delivered: 3, left: 0 });
    expect(await contents(store)).toEqual([]);
    expect([loki.taken, sinks.get('second')?.taken]).toEqual([
      ['1/0 x', '1/2 x', '1/1 x', '1/5 x'],
      ['1/7 x'],
    ]);
    expect(await desk.redrive({})).toEqual({ delivered: 0, refused: {}, left: 0, trouble: undefined });
  });

  test('gives each bundle under a place of its own, many at once', async () => {
    const { desk, store, loki } = await openDesk();
    for (let i = 0; i < 300; i++) await store.keep('loki', [refused(tenLines(i), [i % 10])], NEVER);
    const ids = store.bundles().map(({ id }) => id);
    expect(await desk.redrive({})).toMatchObject({ delivered: 300 });
    expect(loki.given.length).toBe(2);
    expect(loki.given.flat()).toEqual(ids);
  });

  test('loses nothing where the sink fails, and says why', async () => {
    const { desk, store, loki } = await openDesk();
    for (const lsn of [1, 2]) await store.keep('loki', [refused(tenLines(lsn), [1])], NEVER);
    await store.keep('gone', [refused(tenLines(3), [1, 2])], NEVER);
    const before = await contents(store);
    loki.failures = [new AgentError('SINK_UNREACHABLE', 'Loki is away.', { retryable: true })];
    expect(await desk.redrive({})).toEqual({ delivered: 0, refused: {}, left: 4, trouble: 'Loki is away.' });
    expect(await contents(store)).toEqual(before);
    const limited = new AgentError('SINK_LIMITED', 'Too much.', { retryable: true, retryAfterMs: 1 });
    loki.failures = [limited, limited];
    expect(await desk.redrive({})).toEqual({
      delivered: 2,
      refused: {},
      left: 2,
      trouble: 'There is no sink gone now.',
    });
    expect(loki.given.length).toBe(4);
  });

  test('passes over what is deleted meanwhile, and only one is under way', async () => {
    const { desk, store, loki } = await openDesk();
    await store.keep('loki', [refused(tenLines(1), [1]), refused(tenLines(1), [2], 'other')], NEVER);
    const inner = loki.redrive.bind(loki);
    let second: unknown = 'not asked';
    Object.assign(loki, {
      redrive: async (blocks: readonly Block[]) => {
        second = await desk.redrive({});
        expect(await desk.delete({ reason: 'other' })).toBe(1);
        loki.refuses = /./;
        return inner(blocks);
      },
    });
    await desk.redrive({});
    expect(second).toBeUndefined();
    expect(await contents(store)).toEqual(['loki other 2: 1/1 x']);
  });
});

describe('letters', () => {
  test('are chosen by sink, reason and the time of the rejection', async () => {
    let now = 1_000;
    const { desk, store } = await openDesk(() => now);
    await store.keep('loki', [refused(tenLines(1), [1])], NEVER);
    now = 2_000;
    await store.keep('loki', [refused(tenLines(2), [1], 'other')], NEVER);
    await store.keep('second', [refused(tenLines(3), [1])], NEVER);
    const lsns = async (filter: Parameters<typeof desk.list>[0]): Promise<string[]> =>
      (await desk.list(filter, START, 10)).letters.map(({ line }) => line.slice(0, 1));
    expect(await lsns({})).toEqual(['1', '2', '3']);
    expect(await lsns({ sink: 'loki' })).toEqual(['1', '2']);
    expect(await lsns({ reason: 'too_old' })).toEqual(['1', '3']);
    expect(await lsns({ sinceMs: 2_000 })).toEqual(['2', '3']);
    expect(await lsns({ untilMs: 2_000 })).toEqual(['1']);
    expect(await desk.delete({ sink: 'loki', sinceMs: 2_000 })).toBe(1);
    expect(await lsns({})).toEqual(['1', '3']);
    expect(desk.figures).toMatchObject({
      counts: [
        { sink: 'loki', reason: 'too_old', lines: 1 },
        { sink: 'second', reason: 'too_old', lines: 1 },
      ],
      dropped: [],
    });
  });

  test('are listed with all that is known of them, whatever their bytes are', async () => {
    const { desk, store } = await openDesk();
    const hostile = '\u001b[2J</script>\u2028"\\';
    const bytes = Buffer.from([0x61, 0xff, 0x00, 0x0a]);
    const labels = { container: 'we"b', stream: 'stdout' };
    const lines = [
      { labels, text: hostile, seconds: 1_795_000_000, nanos: 7, fields: { path: hostile } },
      { labels, text: bytes, seconds: 1_795_000_000, nanos: 8 },
    ];
    await store.keep('loki', [{ ...refused(blockOf(lines), [0, 1]), tenant: 'team' }], NEVER);
    const common = {
      sink: 'loki',
      reason: 'too_old',
      said: 'no: too_old',
      tenant: 'team',
      attempts: 1,
      rejected: '1970-01-01T00:00:01.000Z',
      labels,
    };
    expect((await desk.list({}, START, 10)).letters).toEqual([
      {
        id: '0-0',
        ...common,
        time: '2026-11-18T11:06:40.000000007Z',
        line: hostile,
        fields: { path: hostile },
      },
      {
        id: '0-1',
        ...common,
        time: '2026-11-18T11:06:40.000000008Z',
        line: 'a\ufffd\u0000\n',
        base64: bytes.toString('base64'),
      },
    ]);
  });

  test('come page by page, each once, also by their bytes', async () => {
    const { desk, store } = await openDesk();
    for (let lsn = 0; lsn < 5; lsn++) await store.keep('loki', [refused(tenLines(lsn), [0, 1, 2, 3])], NEVER);
    await store.keep('loki', [refused(tenLines(9, 0, 300_000), [0, 1, 2, 3, 4, 5])], NEVER);
    for (const limit of [1, 3, 4, 100]) {
      const seen: string[] = [];
      const sizes: number[] = [];
      let from = START;
      for (;;) {
        const { letters, next } = await desk.list({}, from, limit);
        seen.push(...letters.map(({ line }) => line.slice(0, 3)));
        sizes.push(letters.length);
        if (next === undefined) break;
        const [bundle, line] = next.split('-').map(Number);
        from = { bundle, line };
      }
      const small = [0, 1, 2, 3, 4].flatMap((lsn) => [0, 1, 2, 3].map((row) => `${lsn}/${row}`));
      expect(seen).toEqual([...small, ...[0, 1, 2, 3, 4, 5].map((row) => `9/${row}`)]);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
      if (limit === 100) expect(sizes).toEqual([24, 2]);
    }
  });
});
