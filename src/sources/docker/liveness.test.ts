import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { Liveness } from './liveness.js';
import type { Transport } from './transport.js';

const TIMEOUT_MS = 60_000;
const CHECK_MS = 5_000;
const BEAT_MS = 30_000;

/** A container that runs: `isAlive` is what its readers say, as of the moment they are asked. */
interface Fake {
  readonly transport: Transport;
  isAlive: boolean;
}

let scope: Scope;
let containers: Map<string, Fake>;
/** What the engine does: it answers, it hangs, or it is known to be away. */
let engine: 'answers' | 'hangs' | 'away';
let answeredAt: number;
let beats: Map<string, number>;
let said: string[];
let changes: (string | undefined)[];
let liveness: Liveness;

beforeEach(() => {
  vi.useFakeTimers();
  scope = Scope.root('test', (error) => {
    throw error;
  });
  containers = new Map();
  engine = 'answers';
  answeredAt = performance.now();
  beats = new Map();
  said = [];
  changes = [];
  liveness = new Liveness({
    timeoutMs: TIMEOUT_MS,
    log: {
      ...silentLogger,
      info: (_fields, message) => said.push(`info: ${message}`),
      warn: (_fields, message) => said.push(`warn: ${message}`),
    },
    *signs(now) {
      for (const [id, { transport, isAlive }] of containers)
        yield { id, name: id, transport, at: isAlive ? now : undefined };
    },
    engineAnsweredAt: () => {
      if (engine === 'answers') answeredAt = performance.now();
      return engine === 'away' ? undefined : answeredAt;
    },
    onBeat: (id) => beats.set(id, (beats.get(id) ?? 0) + 1),
    onChange: () => changes.push(liveness.reason),
  });
  liveness.run(scope);
});
afterEach(async () => {
  const closed = scope.close();
  await vi.advanceTimersByTimeAsync(0);
  await closed;
  expect([...scope.census()]).toEqual([]);
  vi.useRealTimers();
});

function add(transport: Transport, ...ids: string[]): Fake[] {
  const fakes = ids.map((id) => ({ id, fake: { transport, isAlive: true } }));
  for (const { id, fake } of fakes) containers.set(id, fake);
  return fakes.map(({ fake }) => fake);
}

const pass = (ms: number): void => void vi.advanceTimersByTime(ms);

test('every container with a sign of life has a heartbeat each 30 s, and no other', () => {
  const [, db] = add('file', 'web', 'db');
  add('api', 'cache');
  pass(BEAT_MS);
  db.isAlive = false;
  // The last sign is of the last check: it may still count once.
  pass(BEAT_MS);
  const before = beats.get('db');
  pass(2 * BEAT_MS);
  expect([beats.get('web'), beats.get('cache')]).toEqual([4, 4]);
  expect(beats.get('db')).toBe(before);
  db.isAlive = true;
  pass(BEAT_MS);
  expect([beats.get('web'), beats.get('db')]).toEqual([5, (before ?? 0) + 1]);
});

test('one that never showed a sign has no heartbeat, and is stalled after the timeout', () => {
  const [web] = add('api', 'web');
  web.isAlive = false;
  pass(TIMEOUT_MS);
  expect([beats.size, liveness.stalled]).toEqual([0, 0]);
  pass(2 * CHECK_MS);
  expect([beats.size, liveness.stalled]).toEqual([0, 1]);
});

test('an episode is told once when it begins and once when it is over, with what is to be known', () => {
  const names = Array.from({ length: 55 }, (_, i) => `c${i}`);
  const fakes = add('api', ...names);
  pass(BEAT_MS);
  const since = new Date().toISOString().replace(/\.\d+/, '');
  for (const fake of fakes) fake.isAlive = false;
  pass(TIMEOUT_MS);
  expect([said, liveness.stalled]).toEqual([[], 0]);
  pass(CHECK_MS);
  const sentence =
    `55 containers have shown no sign of life since ${since} (c0, c1, c2 and 52 more): what they write may not arrive. ` +
    'See whether `docker logs --tail 1 c0` answers; if not, restart Docker (`sudo systemctl restart docker`).';
  expect([liveness.reason, liveness.stalled]).toEqual([sentence, 55]);
  pass(CHECK_MS);
  expect(said).toEqual([`warn: ${sentence}`]);
  for (const fake of fakes.slice(1)) fake.isAlive = true;
  pass(CHECK_MS);
  expect(said).toHaveLength(1);
  expect(liveness.reason).toContain(
    `1 container has shown no sign of life since ${since} (c0): what it writes`,
  );
  fakes[0].isAlive = true;
  pass(CHECK_MS);
  expect(said[1]).toBe('info: All running containers that are captured show signs of life again.');
  expect([liveness.reason, liveness.stalled]).toEqual([undefined, 0]);
  pass(10 * TIMEOUT_MS);
  expect(said).toHaveLength(2);
  expect(changes).toEqual([sentence, expect.stringContaining('1 container has'), undefined]);
});

test('what falls silent one after the other is one line, with all that did so soon', () => {
  const fakes = add('api', ...Array.from({ length: 10 }, (_, i) => `c${i}`));
  pass(BEAT_MS);
  for (const fake of fakes) {
    fake.isAlive = false;
    pass(CHECK_MS);
  }
  pass(TIMEOUT_MS);
  expect(said).toEqual([expect.stringMatching(/^warn: 4 containers have shown/)]);
  expect(liveness.reason).toMatch(/^10 containers have shown/);
});

test('one that does not run any more is no reason', () => {
  const [web] = add('file', 'web');
  web.isAlive = false;
  pass(TIMEOUT_MS + 2 * CHECK_MS);
  expect(liveness.stalled).toBe(1);
  containers.delete('web');
  pass(CHECK_MS);
  expect([liveness.stalled, liveness.reason]).toEqual([0, undefined]);
});

test('an engine that hangs stalls what is read through it, and nothing else', () => {
  add('api', 'web');
  add('file', 'db');
  pass(BEAT_MS);
  engine = 'hangs';
  pass(TIMEOUT_MS + CHECK_MS);
  expect(liveness.reason).toMatch(/^1 container has .* \(web\)/);
  expect([beats.get('web'), beats.get('db')]).toEqual([1, 3]);
});

test('that the engine is away is counted, but told by others; once back there is the whole time again', () => {
  const [web] = add('api', 'web');
  const [db] = add('file', 'db');
  pass(BEAT_MS);
  engine = 'away';
  pass(2 * TIMEOUT_MS);
  expect([liveness.stalled, liveness.reason, said]).toEqual([1, undefined, []]);
  db.isAlive = false;
  pass(TIMEOUT_MS + 2 * CHECK_MS);
  expect(liveness.reason).toMatch(/^1 container has .* \(db\)/);
  db.isAlive = true;
  web.isAlive = false;
  engine = 'answers';
  liveness.engineIsBack();
  pass(TIMEOUT_MS);
  expect([liveness.stalled, liveness.reason]).toEqual([0, undefined]);
  pass(CHECK_MS);
  expect(liveness.reason).toMatch(/^1 container has .* \(web\)/);
});

test('an episode goes on while the engine is away and back, until there is a sign', () => {
  const [web] = add('api', 'web');
  pass(BEAT_MS);
  web.isAlive = false;
  pass(TIMEOUT_MS + CHECK_MS);
  const { reason } = liveness;
  expect(reason).toMatch(/\(web\)/);
  engine = 'away';
  pass(CHECK_MS);
  engine = 'answers';
  liveness.engineIsBack();
  pass(CHECK_MS);
  expect([liveness.reason, said.length]).toEqual([reason, 1]);
  web.isAlive = true;
  pass(CHECK_MS);
  expect([liveness.reason, said.length]).toEqual([undefined, 2]);
});

test('an agent that was stopped itself judges nobody by the time it did not see', () => {
  add('api', 'web');
  add('file', 'db');
  pass(BEAT_MS);
  for (const fake of containers.values()) fake.isAlive = false;
  // Time goes on, and no timer fires.
  const wake = performance.now() + 10 * TIMEOUT_MS;
  const clock = vi.spyOn(performance, 'now').mockReturnValue(wake);
  liveness.check();
  expect(liveness.stalled).toBe(0);
  clock.mockReturnValue(wake + TIMEOUT_MS / 3);
  liveness.check();
  clock.mockRestore();
  expect([liveness.stalled, said]).toEqual([0, []]);
});

test('whatever happens: never an alarm within the timeout of a sign, always one soon after it', () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    what: fc.constantFrom('dies', 'lives', 'starts', 'stops'),
    ms: fc.integer({ min: 0, max: 40_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      containers.clear();
      pass(CHECK_MS);
      /** When a sign was last there, or the container began to run. */
      const lastAt = new Map<string, number>();
      for (const { id, what, ms } of steps) {
        const now = performance.now();
        const known = containers.get(id);
        if (known?.isAlive) lastAt.set(id, now);
        if (what === 'starts' && !known) {
          add('file', id);
          lastAt.set(id, now);
        } else if (what === 'stops') {
          containers.delete(id);
          lastAt.delete(id);
        } else if (known) {
          known.isAlive = what === 'lives';
        }
        for (let left = ms; left > 0; left -= 1_000) pass(Math.min(left, 1_000));
        const silentMs = [...containers].map(([name, { isAlive }]) =>
          isAlive ? 0 : performance.now() - (lastAt.get(name) ?? 0),
        );
        const silentFor = (ms: number): number => silentMs.filter((silent) => silent > ms).length;
        // Until the next check what has changed is not known.
        pass(CHECK_MS);
        expect(liveness.stalled).toBeGreaterThanOrEqual(silentFor(TIMEOUT_MS + 2 * CHECK_MS));
        expect(liveness.stalled).toBeLessThanOrEqual(silentFor(TIMEOUT_MS - 2 * CHECK_MS));
        expect(liveness.reason === undefined).toBe(liveness.stalled === 0);
        for (const [name, { isAlive }] of containers) if (isAlive) lastAt.set(name, performance.now());
      }
    }),
    { numRuns: 50 },
  );
});
