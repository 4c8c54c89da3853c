import { afterEach, expect, it, vi } from 'vitest';
import type { Line } from '../lines/line.js';
import { Around } from './around.js';

afterEach(() => vi.unstubAllGlobals());

const LOG: readonly Line[] = Array.from({ length: 600 }, (_none, at) => ({
  // Two lines have the same time, so that a time alone tells no place.
  time: `2026-11-22T13:${String(Math.floor(at / 120)).padStart(2, '0')}:${String(Math.floor(at / 2) % 60).padStart(2, '0')}.000000000Z`,
  container: 'web',
  stream: 'stdout',
  level: 'info',
  line: `line ${at}`,
}));
const texts = (lines: readonly Line[]): string[] => lines.map(({ line }) => line);

/** An agent that has `log`, as /api/v1/context answers; tells what it was asked for. */
function agentWith(log: readonly Line[]): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    const params = new URL(url, 'http://agent').searchParams;
    asked.push(params);
    const time = params.get('time') ?? '';
    const place = log.findIndex((line) => line.time >= time);
    const at = place < 0 ? log.length : place;
    const lines = log.slice(
      Math.max(0, at - Number(params.get('before'))),
      at + Number(params.get('after')) + 1,
    );
    return Promise.resolve(
      Response.json({ lines, found: log[at]?.time === time ? lines.indexOf(log[at]) : -1 }),
    );
  });
  return asked;
}

/** All lines that are shown, in their order; what goes on a row is part of it. */
const shown = (around: Around): string[] =>
  texts(around.store.rows.flatMap(({ line, rest }) => (line ? [line, ...rest] : rest)));

it('shows a line in the middle of what is around it, and grows at both ends to all of the log', async () => {
  const asked = agentWith(LOG);
  const around = new Around({ container: 'web', time: LOG[300].time, stream: 'stdout' });
  await around.load();
  expect(Object.fromEntries(asked[0])).toEqual({
    container: 'web',
    time: LOG[300].time,
    stream: 'stdout',
    before: '50',
    after: '50',
  });
  expect(around.state.value).toMatchObject({ phase: 'ready', lines: 101 });
  expect(around.state.value.line).toEqual(LOG[300]);
  expect(shown(around)).toEqual(texts(LOG.slice(250, 351)));
  while (!around.state.value.isAtOldest) await around.loadEarlier();
  expect(shown(around)).toEqual(texts(LOG.slice(0, 351)));
  while (!around.state.value.isAtNewest) await around.loadLater();
  expect(shown(around)).toEqual(texts(LOG));
});

it('a line that is gone is said so, with what is around its place', async () => {
  agentWith(LOG);
  const around = new Around({ container: 'web', time: '2026-11-22T13:00:30.500000000Z', stream: '' });
  await around.load();
  expect(around.state.value).toMatchObject({ phase: 'ready', line: undefined });
  expect(shown(around)).toContain('line 61');
  agentWith([]);
  const gone = new Around({ container: 'web', time: LOG[0].time, stream: '' });
  await gone.load();
  expect(gone.state.value).toMatchObject({ phase: 'ready', line: undefined, lines: 0 });
});

it('asks one thing at a time, and nothing once it is closed', async () => {
  const asked = agentWith(LOG);
  const around = new Around({ container: 'web', time: LOG[300].time, stream: '' });
  await Promise.all([around.load(), around.load(), around.loadEarlier()]);
  expect(asked).toHaveLength(1);
  around.close();
  await around.loadLater();
  expect(asked).toHaveLength(1);
});

it('what is there stays when more of it cannot be had, and can be asked for again', async () => {
  agentWith(LOG);
  const around = new Around({ container: 'web', time: LOG[300].time, stream: '' });
  await around.load();
  const before = shown(around);
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no')));
  await around.loadEarlier();
  expect(around.state.value).toMatchObject({ phase: 'ready', error: { code: 'UNREACHABLE' } });
  expect(shown(around)).toEqual(before);
  agentWith(LOG);
  await around.loadEarlier();
  expect(around.state.value.error).toBeUndefined();
  expect(shown(around)).toHaveLength(before.length + 200);
});
