import { afterEach, expect, it, vi } from 'vitest';
import type { ApiError } from '../lib/api.js';
import type { StreamOptions } from '../lib/sse.js';
import type { Line } from '../lines/line.js';
import { LineStore } from '../lines/line-store.js';
import { OlderLines } from './older.js';

const asked: StreamOptions[] = [];

vi.mock('../lib/sse.js', () => ({
  openStream: (_path: string, options: StreamOptions) => {
    asked.push(options);
    return () => undefined;
  },
}));

afterEach(() => {
  asked.length = 0;
});

function lineAt(second: number, line: string): Line {
  const time = `2026-11-22T10:00:0${second}.000000000Z`;
  return { time, container: line, stream: 'stdout', level: 'info', line };
}

function answer(...batches: Line[][]): void {
  const stream = asked.at(-1);
  for (const lines of batches) stream?.events([{ name: 'lines', data: JSON.stringify({ lines }) }]);
  stream?.ended(undefined, undefined);
}

function shown(store: LineStore): (string | undefined)[] {
  return store.rows.map(({ line }) => line?.line);
}

it('older lines come in front, those of the very time of the first one too, and none twice', () => {
  const store = new LineStore('oldest');
  store.addNewer([lineAt(5, 'e'), lineAt(6, 'f')]);
  const older = new OlderLines('x', store);
  older.load();
  older.load();
  expect(asked).toHaveLength(1);
  expect(older.state.value).toEqual({ is: 'loading' });
  expect(asked[0].params).toMatchObject({
    query: 'x',
    from: '2026-11-21T10:00:05.000Z',
    to: '2026-11-22T10:00:05.000000001Z',
    direction: 'backward',
  });
  answer([lineAt(5, 'e'), lineAt(5, 'd')], [lineAt(4, 'c')]);
  expect(shown(store)).toEqual(['c', 'd', 'e', 'f']);
  expect(older.state.value).toEqual({ is: 'idle' });
});

it('where nothing is older that is said, and what failed too', () => {
  const store = new LineStore('oldest');
  const older = new OlderLines('', store);
  older.load();
  expect(asked).toHaveLength(0);
  store.addNewer([lineAt(5, 'e')]);
  older.load();
  answer([lineAt(5, 'e')]);
  expect(older.state.value).toEqual({ is: 'none', before: lineAt(5, '').time });
  older.load();
  const error = { message: 'no' } as ApiError;
  asked.at(-1)?.ended(error, undefined);
  expect(older.state.value).toEqual({ is: 'failed', error });
  expect(shown(store)).toEqual(['e']);
});

it('nothing is asked where there is no room', () => {
  const store = new LineStore('oldest', { lines: 1, chars: 1e9 });
  store.addNewer([lineAt(5, 'e')]);
  new OlderLines('', store).load();
  expect(asked).toHaveLength(0);
});
