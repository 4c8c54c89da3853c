import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ApiError } from '../lib/api.js';
import type { StreamOptions } from '../lib/sse.js';
import type { Line } from '../lines/line.js';
import { LineStore } from '../lines/line-store.js';
import { Tail } from './tail.js';

interface Opened extends StreamOptions {
  isClosed: boolean;
}

const streams: Opened[] = [];

vi.mock('../lib/sse.js', () => ({
  openStream: (_path: string, options: StreamOptions) => {
    const opened: Opened = { ...options, isClosed: false };
    streams.push(opened);
    return () => {
      opened.isClosed = true;
    };
  },
}));

class Page extends EventTarget {
  hidden = false;

  show(isShown: boolean): void {
    this.hidden = !isShown;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let page: Page;
let tail: Tail | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
  vi.stubGlobal('document', page);
});

afterEach(() => {
  tail?.close();
  streams.length = 0;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function lineAt(second: number, text: string): Line {
  const time = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('Z', '000000Z');
  return { time, container: 'web', stream: 'stdout', level: 'info', line: text };
}

function send(lines: readonly Line[], skipped = 0): void {
  const events = lines.map((line) => ({ name: 'message', data: JSON.stringify(line) }));
  if (skipped > 0) events.push({ name: 'skipped', data: JSON.stringify({ lines: skipped }) });
  streams.at(-1)?.events(events);
}

function start(store: LineStore, mayDrop = (): boolean => true): Tail {
  tail = new Tail('{a="b"}', store, mayDrop);
  streams.at(-1)?.opened?.();
  return tail;
}

function shown(store: LineStore): (string | undefined)[] {
  return store.rows.map((row) => row.break?.words ?? row.line?.line);
}

it('lines come into the store, and what was too fast is said at most once a second', () => {
  const store = new LineStore('oldest');
  const { rates, state } = start(store);
  expect(state.value).toEqual({ is: 'live' });
  expect(streams[0].params).toMatchObject({ query: '{a="b"}' });
  vi.advanceTimersByTime(1_000);
  send([lineAt(1, 'a')], 700);
  send([lineAt(2, 'b')], 504);
  expect(shown(store)).toEqual(['a', 'b']);
  vi.advanceTimersByTime(1_000);
  expect(shown(store)).toEqual(['a', 'b', '1,204 lines not shown: too fast. Nothing is lost.']);
  // The first second with lines has those of the beginning in it.
  expect(rates.value).toBeUndefined();
  send([lineAt(3, 'c')], 9);
  vi.advanceTimersByTime(1_000);
  expect(rates.value).toEqual({ shown: 1, skipped: 9 });
  expect(shown(store)).toHaveLength(5);
});

it('a hidden tab has no stream after ten seconds, and goes on where it was, with nothing twice', () => {
  const store = new LineStore('oldest');
  const { state } = start(store);
  send([lineAt(1, 'a'), lineAt(2, 'b')]);
  page.show(false);
  vi.advanceTimersByTime(9_999);
  expect(streams[0].isClosed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(streams[0].isClosed).toBe(true);
  expect(state.value).toEqual({ is: 'asleep' });
  page.show(true);
  streams[1].opened?.();
  send([lineAt(1, 'a'), lineAt(2, 'b'), lineAt(3, 'c')]);
  expect(shown(store)).toEqual(['a', 'b', 'c']);

  page.show(false);
  vi.advanceTimersByTime(5_000);
  page.show(true);
  vi.advanceTimersByTime(60_000);
  expect(streams).toHaveLength(2);
  expect(streams[1].isClosed).toBe(false);
});

it('lines that may be missing after a sleep are said, with the way to them', () => {
  const store = new LineStore('oldest');
  start(store);
  send([lineAt(1, 'a')]);
  streams[0].opened?.();
  send([lineAt(60, 'z')]);
  expect(shown(store)).toEqual([
    'a',
    'Lines of the time when this page did not listen may be missing here.',
    'z',
  ]);
  const { href } = store.rows[1].break ?? {};
  expect(new URLSearchParams(href?.split('?')[1]).get('query')).toBe('{a="b"}');
  expect(new URLSearchParams(href?.split('?')[1]).get('from')).toBe(lineAt(1, '').time);
});

it('a reader who looks back keeps the place in a full store; what was not kept is said when they come back', () => {
  const store = new LineStore('oldest', { lines: 3, chars: 1e9 });
  let isFollowing = false;
  start(store, () => isFollowing);
  send([lineAt(1, 'a'), lineAt(2, 'b'), lineAt(3, 'c')]);
  send([lineAt(4, 'd')]);
  send([lineAt(5, 'e')]);
  expect(shown(store)).toEqual(['a', 'b', 'c']);
  isFollowing = true;
  send([lineAt(6, 'f')]);
  expect(shown(store)).toEqual(['c', '2 lines not kept here while you looked back: nothing is lost.', 'f']);
});

it('what is refused is told, what is lost is waited for', () => {
  const { state } = start(new LineStore('oldest'));
  streams[0].ended(undefined, 700);
  expect(state.value).toEqual({ is: 'lost', error: undefined });
  const error = { message: 'no' } as ApiError;
  streams[0].ended(error, undefined);
  expect(state.value).toEqual({ is: 'refused', error });
});

it('a query that costs too much is not asked again by itself', () => {
  const { state } = start(new LineStore('oldest'));
  streams[0].events([{ name: 'end', data: '{"reason":"stopping"}' }]);
  expect(streams[0].isClosed).toBe(false);
  streams[0].events([{ name: 'end', data: '{"reason":"too_expensive"}' }]);
  expect(streams[0].isClosed).toBe(true);
  expect(state.value).toMatchObject({ is: 'refused', error: { code: 'TOO_EXPENSIVE' } });
});

it('a page that is left has no stream and no timer', () => {
  const opened = start(new LineStore('oldest'));
  page.show(false);
  opened.close();
  expect(streams[0].isClosed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  page.show(true);
  expect(streams).toHaveLength(1);
});

it('a tab that is opened in the background asks nothing until it is looked at', () => {
  page.hidden = true;
  tail = new Tail('', new LineStore('oldest'), () => true);
  expect(streams).toHaveLength(0);
  page.show(true);
  expect(streams).toHaveLength(1);
});
