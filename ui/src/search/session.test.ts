import { afterEach, expect, it, vi } from 'vitest';
import { justAfter, MAX_LINES, SearchSession } from './session.js';

/** Only a hang misses it. */
const PATIENCE_MS = 20_000;

const encoder = new TextEncoder();

/** What was asked, and what answers it by hand. */
interface Asked {
  readonly params: URLSearchParams;
  readonly signal: AbortSignal;
  tell(name: string, value: unknown): void;
  end(): void;
}

afterEach(() => vi.unstubAllGlobals());

/** Answers every question with a stream that the test fills. */
function answering(): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal('fetch', (url: string, { signal }: { signal: AbortSignal }) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    // A client that went away is no failure of whoever writes to it.
    const ignore = () => undefined;
    signal.addEventListener('abort', () => void writer.abort(signal.reason).catch(ignore));
    asked.push({
      params: new URL(url, 'http://agent').searchParams,
      signal,
      tell: (name, value) =>
        void writer.write(encoder.encode(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`)).catch(ignore),
      end: () => void writer.close().catch(ignore),
    });
    return Promise.resolve(new Response(readable));
  });
  return asked;
}

const line = (at: number) => ({
  time: `2026-11-22T13:00:0${at}.000000000Z`,
  container: 'web',
  stream: 'stdout',
  level: 'info',
  line: `line ${at}`,
  labels: 0,
});
const progress = { scannedBytes: 5, totalBytes: 10, reachedTime: null, from: 'F', to: 'T' };
const end = { reason: 'complete', scannedBytes: 10, elapsedMs: 1, damagedBlocks: 0, removedSegments: 0 };
const shown = (session: SearchSession) => session.store.rows.map((row) => row.line?.line);
const phase = async (session: SearchSession, phase: string) =>
  vi.waitFor(() => {
    expect(session.state.value.phase).toBe(phase);
  }, PATIENCE_MS);

it('asks what the address says, and shows the newest first', async () => {
  const asked = answering();
  const session = new SearchSession({ query: 'x', range: { from: '1h', to: 'now' }, order: 'newest' });
  session.start();
  await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE_MS);
  expect(Object.fromEntries(asked[0].params)).toEqual({
    query: 'x',
    from: '1h',
    to: 'now',
    limit: '1000',
    direction: 'backward',
  });
  asked[0].tell('labels', { 0: { container: 'web' } });
  asked[0].tell('lines', { lines: [line(3), line(2)] });
  asked[0].tell('lines', { lines: [line(1)] });
  asked[0].tell('end', end);
  asked[0].end();
  await phase(session, 'done');
  expect(shown(session)).toEqual(['line 3', 'line 2', 'line 1']);
  expect(session.store.rows[0].line?.labels).toEqual({ container: 'web' });
  session.loadMore();
  expect(asked).toHaveLength(1);
});

it('goes on where the limit was, in the range that was understood first', async () => {
  const asked = answering();
  const session = new SearchSession({ query: '', range: { from: '1h', to: 'now' }, order: 'newest' });
  session.start();
  await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE_MS);
  session.loadMore();
  asked[0].tell('progress', progress);
  asked[0].tell('lines', { lines: [line(3)] });
  asked[0].tell('end', { ...end, reason: 'limit', continueAt: 'C' });
  await phase(session, 'done');
  expect(session.canLoadMore).toBe(true);
  session.loadMore();
  session.loadMore();
  await vi.waitFor(() => expect(asked).toHaveLength(2), PATIENCE_MS);
  expect([asked[1].params.get('from'), asked[1].params.get('to')]).toEqual(['F', 'C']);
  asked[0].end();
  await new Promise(setImmediate);
  expect(session.state.value.phase).toBe('working');
  asked[1].tell('lines', { lines: [line(1)] });
  asked[1].tell('end', end);
  await phase(session, 'done');
  expect(shown(session)).toEqual(['line 3', 'line 1']);
  expect(session.canLoadMore).toBe(false);
  expect(asked).toHaveLength(2);
});

it('the other order begins at the other end', async () => {
  const asked = answering();
  const session = new SearchSession({ query: '', range: { from: '1h', to: 'now' }, order: 'oldest' });
  session.start();
  await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE_MS);
  expect(asked[0].params.get('direction')).toBe('forward');
  asked[0].tell('progress', progress);
  asked[0].tell('lines', { lines: [line(1), line(2)] });
  asked[0].tell('end', { ...end, reason: 'limit', continueAt: 'C' });
  await phase(session, 'done');
  session.loadMore();
  await vi.waitFor(() => expect(asked).toHaveLength(2), PATIENCE_MS);
  expect([asked[1].params.get('from'), asked[1].params.get('to')]).toEqual(['C', 'T']);
  asked[1].tell('lines', { lines: [line(3)] });
  asked[1].tell('end', end);
  await phase(session, 'done');
  expect(shown(session)).toEqual(['line 1', 'line 2', 'line 3']);
});

it('cancelling and closing end the connection; what comes later is not shown', async () => {
  for (const stop of [
    (session: SearchSession) => session.cancel(),
    (session: SearchSession) => session.close(),
  ]) {
    const asked = answering();
    const session = new SearchSession({ query: '', range: { from: '1h', to: 'now' }, order: 'newest' });
    session.start();
    await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE_MS);
    asked[0].tell('lines', { lines: [line(3)] });
    await vi.waitFor(() => expect(shown(session)).toEqual(['line 3']), PATIENCE_MS);
    stop(session);
    expect(asked[0].signal.aborted).toBe(true);
    asked[0].tell('lines', { lines: [line(2)] });
    await new Promise(setImmediate);
    expect(shown(session)).toEqual(['line 3']);
  }
});

it('an answer that breaks off is a failure, and what is there stays', async () => {
  const asked = answering();
  const session = new SearchSession({ query: '', range: { from: '1h', to: 'now' }, order: 'newest' });
  session.start();
  await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE_MS);
  asked[0].tell('lines', { lines: [line(3)] });
  asked[0].end();
  await phase(session, 'failed');
  expect(session.state.value.failure?.code).toBe('DISCONNECTED');
  expect(shown(session)).toEqual(['line 3']);
});

it('a query that is refused says at which character', async () => {
  const error = { code: 'BAD_REQUEST', message: 'no', at: 7 };
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ error }, { status: 400 })));
  const session = new SearchSession({ query: '{', range: { from: '1h', to: 'now' }, order: 'newest' });
  session.start();
  await phase(session, 'failed');
  expect(session.state.value.failure).toMatchObject({ message: 'no', at: 7 });
});

it.each([
  ['newest', '2026-11-22T13:00:01.000000001Z'],
  ['oldest', '2026-11-22T13:00:01.000000000Z'],
] as const)(
  '%s first, a page is full before its list drops lines, and a new search leaves none out',
  async (order, continueAt) => {
    const asked = answering();
    const session = new SearchSession({ query: '', range: { from: '1h', to: 'now' }, order });
    session.start();
    await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE_MS);
    const many = Array.from({ length: 8000 }, (_none, at) => ({ ...line(1), line: String(at) }));
    for (let sent = 0; sent <= MAX_LINES; sent += many.length) asked[0].tell('lines', { lines: many });
    await phase(session, 'done');
    expect(session.state.value).toMatchObject({ isFull: true, continueAt });
    expect(session.store.lines).toBe(session.state.value.found);
    expect(session.store.lines).toBeGreaterThanOrEqual(MAX_LINES);
    expect(asked[0].signal.aborted).toBe(true);
    expect(session.canLoadMore).toBe(false);
    session.loadMore();
    expect(asked).toHaveLength(1);
  },
);

it('the next nanosecond', () => {
  expect(justAfter('2026-11-22T13:00:01.000000000Z')).toBe('2026-11-22T13:00:01.000000001Z');
  expect(justAfter('2026-12-31T23:59:59.999999999Z')).toBe('2027-01-01T00:00:00.000000000Z');
  expect(justAfter('2026-11-22T13:00:01Z')).toBe('2026-11-22T13:00:01.000000001Z');
});
