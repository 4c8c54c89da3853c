/** Many containers on few places, at a fake engine that counts its followers: every line once, whatever the turns are. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silence } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { type BedOptions, type LogServer, ReadersBed } from './testing/log-server.js';

const logsPath = (id: string): string => `/containers/${id}/logs`;

/** An engine with containers `c0`, `c1`… whose open answers are counted. */
class Crowd {
  readonly servers = new Map<string, LogServer>();
  readonly open = new Map<string, number>();
  mostOpen = 0;
  /** Most answers of one container that were open at once. */
  mostOfOne = 0;
  readonly bed: ReadersBed;
  readonly #written = new Map<string, number>();

  static async start(containers: number, options: BedOptions): Promise<Crowd> {
    const crowd = new Crowd(await ReadersBed.start(options));
    for (let i = 0; i < containers; i++) crowd.addServer(`c${i}`);
    return crowd;
  }

  private constructor(bed: ReadersBed) {
    this.bed = bed;
  }

  addServer(id: string): LogServer {
    const server = this.bed.addServer(id);
    const serve = this.bed.fake.routes.get(logsPath(id));
    this.bed.fake.routes.set(logsPath(id), (request, response) => {
      this.#count(id, request, response);
      serve?.(request, response);
    });
    this.servers.set(id, server);
    return server;
  }

  add(id: string): void {
    this.bed.add({ id, labels: { container: id } });
  }

  addAll(): void {
    for (const id of this.servers.keys()) this.add(id);
  }

  write(id: string): void {
    const next = this.#written.get(id) ?? 0;
    this.#written.set(id, next + 1);
    this.servers.get(id)?.line(`${id} ${next}`);
  }

  /** Each line of each container, once and in its order. */
  async expectAll(): Promise<void> {
    const count = [...this.#written.values()].reduce((sum, lines) => sum + lines, 0);
    await this.bed.lines(count);
    const expected = [...this.#written].map(([id, lines]) =>
      Array.from({ length: lines }, (_, i) => `${id} ${i}`),
    );
    const texts = this.bed.pipeline.lines.map(({ text }) => text);
    const inOrder = [...this.#written.keys()].map((id) => texts.filter((text) => text.startsWith(`${id} `)));
    expect(inOrder).toEqual(expected);
  }

  get requests(): number {
    return this.bed.fake.asked.filter((path) => path.includes('/logs?')).length;
  }

  #count(id: string, _request: IncomingMessage, response: ServerResponse): void {
    this.open.set(id, (this.open.get(id) ?? 0) + 1);
    response.on('close', () => this.open.set(id, (this.open.get(id) ?? 0) - 1));
    const counts = [...this.open.values()];
    this.mostOpen = Math.max(
      this.mostOpen,
      counts.reduce((sum, count) => sum + count, 0),
    );
    this.mostOfOne = Math.max(this.mostOfOne, ...counts);
  }
}

let crowd: Crowd;
afterEach(() => {
  vi.restoreAllMocks();
  return crowd.bed.stop();
});

const rotations = (): number =>
  [...crowd.bed.readers.stats().values()].reduce((sum, stats) => sum + stats.rotations, 0);

describe('rotation', () => {
  it('every line once, the old stream gone before the new one; counts are what the engine saw', async () => {
    crowd = await Crowd.start(6, { maxStreams: 6, streamMaxAgeMs: 60 });
    crowd.addAll();
    for (let round = 0; rotations() < 60; round++) {
      for (const id of crowd.servers.keys())
        if (id !== 'c5' && round % (Number(id.slice(1)) + 1) === 0) crowd.write(id);
      await crowd.bed.roundTrip();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await crowd.expectAll();
    expect(crowd.mostOfOne).toBe(1);
    expect(crowd.mostOpen).toBeLessThanOrEqual(6);
    // Quiet ones as often as the others.
    const counts = [...crowd.bed.readers.stats().values()].map((stats) => stats.rotations);
    expect(Math.min(...counts)).toBeGreaterThan(Math.max(...counts) / 2);
    crowd.bed.readers.disconnected();
    await until('no streams', () => crowd.bed.readers.openStreams().length === 0);
    const stats = [...crowd.bed.readers.stats().values()];
    const sent = stats.reduce((sum, { requests }) => sum + requests, 0);
    // What was sent last may be on its way.
    await until('all requests', () => crowd.requests >= sent);
    expect(crowd.requests).toBe(sent);
    const told = crowd.bed.notices.filter(({ kind }) => kind === 'rotated');
    expect(told.length).toBe(rotations());
    // First turns are up to half shorter, and those that end together up to a quarter.
    expect(told.every((notice) => notice.kind === 'rotated' && notice.ageSeconds >= 0.01)).toBe(true);
  });
});

describe('more containers than places', () => {
  it('take turns: every line once, never more streams than places', async () => {
    crowd = await Crowd.start(12, { maxStreams: 3, streamMaxAgeMs: 50 });
    for (const id of crowd.servers.keys()) for (let i = 0; i < 40; i++) crowd.write(id);
    crowd.addAll();
    for (let round = 0; round < 30; round++) {
      for (const id of crowd.servers.keys()) crowd.write(id);
      await crowd.bed.roundTrip();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await crowd.expectAll();
    expect(crowd.mostOfOne).toBe(1);
    expect(crowd.mostOpen).toBe(3);
    expect(crowd.bed.readers.waiting).toBe(9);
    const states = [...crowd.bed.readers.stats().values()].map(({ state }) => state);
    expect(states.filter((state) => state === 'queued').length).toBe(9);
  });

  it('one that stops, and one that is new, do not wait for turns', async () => {
    crowd = await Crowd.start(4, { maxStreams: 2, streamMaxAgeMs: 300_000 });
    crowd.addAll();
    await until('turns', () => crowd.bed.readers.waiting === 2);
    const open = new Set(crowd.bed.readers.openStreams().map(({ id }) => id));
    const waiting = [...crowd.servers.keys()].find((id) => !open.has(id)) ?? '';
    crowd.write(waiting);
    crowd.servers.get(waiting)?.stop();
    crowd.bed.readers.stopped(waiting);
    crowd.addServer('new');
    crowd.write('new');
    crowd.add('new');
    await crowd.expectAll();
    expect(crowd.mostOpen).toBe(2);
    expect(rotations()).toBe(0);
  });

  it('a turn that went on after a broken connection is as easily ended as any', async () => {
    crowd = await Crowd.start(1, { maxStreams: 1, streamMaxAgeMs: 300_000 });
    crowd.addAll();
    crowd.write('c0');
    await crowd.expectAll();
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    const server = crowd.servers.get('c0');
    server?.cut();
    await until('another stream', () => crowd.requests === 2 && server?.followers.size === 1);
    crowd.addServer('new');
    crowd.write('new');
    crowd.add('new');
    await crowd.expectAll();
  });

  it.each([
    ['never answers', silence],
    ['ends at once', (_: IncomingMessage, response: ServerResponse) => response.writeHead(200).end()],
    ['breaks off', (_: IncomingMessage, response: ServerResponse) => response.destroy()],
    [
      'hangs in the middle of a frame',
      (_: IncomingMessage, response: ServerResponse) =>
        response.writeHead(200).write(Buffer.from([1, 0, 0, 0])),
    ],
  ])('an engine that %s for one of them: the others go on', async (_, route) => {
    crowd = await Crowd.start(3, { maxStreams: 1, streamMaxAgeMs: 50, stallMs: 200, deadlineMs: 300 });
    crowd.bed.fake.routes.set(logsPath('c0'), route);
    crowd.addAll();
    for (let i = 0; i < 5; i++) for (const id of ['c1', 'c2']) crowd.write(id);
    await crowd.expectAll();
    for (let i = 0; i < 5; i++) for (const id of ['c1', 'c2']) crowd.write(id);
    await crowd.expectAll();
  });

  it('is closed while many wait, and some in the middle of opening: nothing is left', async () => {
    crowd = await Crowd.start(20, { maxStreams: 2, streamMaxAgeMs: 50 });
    crowd.addAll();
    crowd.bed.readers.reject('c5');
    await crowd.bed.roundTrip();
  });
});
