/** Until when it is sure that what a container writes is read (liveness.ts): by its stream, a probe, or its turn to come. */
import type { ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { silence } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { type BedOptions, ID, ReadersBed } from './testing/log-server.js';

const PATH = `/containers/${ID}/logs`;
const STALL_MS = 100;

let bed: ReadersBed;
afterEach(() => bed.stop());

/** Any moment later than all others: what is sure now is sure until then. */
const LATER = 1e12;
const sign = (id = ID): number | undefined => bed.readers.signOfLife(id, LATER);

async function follow(options: BedOptions = {}): Promise<void> {
  bed = await ReadersBed.start({ stallMs: STALL_MS, ...options });
  bed.add();
  await until('a follower', () => bed.server.followers.size === 1 && sign() === LATER);
}

/** The log is asked for, and nothing answers. */
function hang(): ServerResponse[] {
  const held: ServerResponse[] = [];
  bed.fake.routes.set(PATH, (_request, response) => void held.push(response));
  return held;
}

it('of a stream that is open it is now; of one that is not known, never', async () => {
  await follow();
  expect([sign(), sign('c2')]).toEqual([LATER, undefined]);
});

it('without a stream nothing is sure, until there is another one', async () => {
  await follow({ stallMs: 60_000 });
  const serve = bed.fake.routes.get(PATH) ?? silence;
  const held = hang();
  bed.server.cut();
  await until('another request', () => held.length === 1);
  expect(sign()).toBeUndefined();
  bed.fake.routes.set(PATH, serve);
  held[0].destroy();
  await until('another stream', () => sign() === LATER);
});

it('without an engine nothing is sure', async () => {
  await follow();
  bed.readers.disconnected();
  await until('no stream', () => sign() === undefined);
  bed.connect();
  await until('another stream', () => sign() === LATER);
});

it('of a silent stream whose log cannot be looked at, it is when that was asked', async () => {
  await follow({ deadlineMs: 200 });
  const before = performance.now();
  const serve = bed.fake.routes.get(PATH) ?? silence;
  const held = hang();
  await until('a look', () => held.length >= 1);
  const asked = sign() ?? 0;
  expect(asked).toBeGreaterThan(before);
  expect(asked).toBeLessThan(performance.now());
  // It was ended by then, and the next one has not come.
  await until('another request', () => held.length >= 2);
  expect(sign()).toBeUndefined();
  bed.fake.routes.set(PATH, serve);
  for (const response of held) response.destroy();
  await until('an answer', () => sign() === LATER);
});

it('a new stream that brings nothing proves nothing', async () => {
  await follow();
  const held = hang();
  await until('a look', () => held.length >= 1);
  const asked = sign();
  // From now on heads are answered, and no more.
  bed.fake.routes.set(PATH, (_request, response) => response.writeHead(200).flushHeaders());
  for (const response of held) response.destroy();
  const requests = bed.asked.length;
  await until('more streams and looks', () => bed.asked.length > requests + 3);
  expect([asked, undefined]).toContain(sign());
});

it('a stream that does not bring what is in the log is in doubt, until another one does', async () => {
  await follow();
  bed.server.lines(0, 2);
  await bed.lines(2);
  bed.server.isDeaf = true;
  bed.server.line('unheard');
  const [follower] = bed.server.followers;
  const seen: (number | undefined)[] = [];
  await until('its end', () => {
    seen.push(sign());
    return follower.destroyed;
  });
  expect(seen.some((at) => at !== undefined && at < LATER)).toBe(true);
  expect(await bed.lines(3)).toEqual(['line 0', 'line 1', 'unheard']);
  await until('the proof', () => sign() === LATER);
});

it('who waits for a turn, or for the pipeline, is alive', async () => {
  await follow({ maxStreams: 1 });
  bed.addServer('c2');
  bed.add({ id: 'c2', labels: { container: 'db' } });
  await until('both known', () => bed.readers.stats().size === 2);
  expect(bed.readers.openStreams()).toHaveLength(1);
  const now = performance.now();
  expect([ID, 'c2'].map((id) => bed.readers.signOfLife(id, now))).toEqual([now, now]);
  // Not for ever.
  const signs = [ID, 'c2'].map((id) => sign(id) ?? 0).sort((a, b) => a - b);
  expect(signs[0]).toBeLessThan(now + 61_000);
});
