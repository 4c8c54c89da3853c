/**
 * A tree of scopes against everything at once, in every order that fast-check's scheduler can think of: owning, releasing,
 * tasks, timers, listeners, closing and aborting, while closers take their time, fail, or hang.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AgentError } from './errors.js';
import { type Owned, Scope } from './scope.js';

const FAR_MS = 1e9;

type Manner = 'quick' | 'slow' | 'failing' | 'hanging';

/** Something owned, and when what happened to it. Moments are numbers that grow. */
interface Thing {
  readonly name: string;
  readonly scope: number;
  readonly made: number;
  readonly manner: Manner;
  owned: Owned | undefined;
  refused: boolean;
  released: boolean;
  calls: number;
  begun: number;
  ended: number;
}

interface Node {
  readonly scope: Scope;
  readonly parent: number | undefined;
  readonly made: number;
}

type Op = readonly [
  'child' | 'own' | 'release' | 'run' | 'sleep' | 'timeout' | 'listen' | 'fire' | 'close' | 'abort',
  number,
  Manner,
];

const manners = (...allowed: Manner[]): fc.Arbitrary<Manner> => fc.constantFrom(...allowed);
const ops = (manner: fc.Arbitrary<Manner>): fc.Arbitrary<Op[]> =>
  fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('own' as const) },
        { weight: 2, arbitrary: fc.constantFrom('child' as const, 'release' as const, 'run' as const) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            'sleep' as const,
            'timeout' as const,
            'listen' as const,
            'fire' as const,
            'close' as const,
            'abort' as const,
          ),
        },
      ),
      fc.nat({ max: 1000 }),
      manner,
    ),
    { maxLength: 40 },
  );

class Model {
  readonly things: Thing[] = [];
  readonly nodes: Node[];
  /** What the root's `onFailure` and the closings told: names of things, or other errors. */
  readonly told: unknown[] = [];
  tasksBegun = 0;
  tasksEnded = 0;
  /** In the moment in which closing was over. */
  tasksLeft = NaN;
  readonly #scheduler: fc.Scheduler;
  #now = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    const root = Scope.root('root', (error) => this.told.push(error));
    this.nodes = [{ scope: root, parent: undefined, made: 0 }];
  }

  apply([kind, pick, manner]: Op): void {
    const index = pick % this.nodes.length;
    const { scope } = this.nodes[index];
    try {
      if (kind === 'child') {
        this.nodes.push({ scope: scope.child(`c${pick}`), parent: index, made: ++this.#now });
      } else if (kind === 'own') this.#own(scope, index, manner);
      else if (kind === 'release') this.#release(pick);
      else if (kind === 'run') this.#run(scope);
      else if (kind === 'sleep') void scope.sleep(500);
      else if (kind === 'timeout') scope.timeout('t', 500, () => {});
      else if (kind === 'listen') scope.onAborted('l', () => {});
      else if (kind === 'fire') vi.advanceTimersByTime(1000);
      else void scope[kind](FAR_MS).catch((error: AggregateError) => this.told.push(...error.errors));
    } catch (error) {
      // The only thing that may be thrown.
      if (!scope.isClosing || !/is closing and takes no new/.test(String(error))) throw error;
    }
  }

  #own(scope: Scope, index: number, manner: Manner): void {
    const name = `thing ${this.things.length}`;
    const thing: Thing = {
      name,
      scope: index,
      made: ++this.#now,
      manner,
      owned: undefined,
      refused: true,
      released: false,
      calls: 0,
      begun: 0,
      ended: 0,
    };
    this.things.push(thing);
    thing.owned = scope.own('file', name, () => this.#end(thing));
    thing.refused = false;
  }

  #end(thing: Thing): void | Promise<void> {
    thing.calls++;
    thing.begun = ++this.#now;
    const end = (): void => {
      thing.ended = ++this.#now;
    };
    if (thing.manner === 'quick') return end();
    if (thing.manner === 'hanging') return new Promise(() => {});
    return this.#scheduler.schedule(Promise.resolve(), `end of ${thing.name}`).then(() => {
      end();
      if (thing.manner === 'failing') throw new Error(thing.name);
    });
  }

  #release(pick: number): void {
    const thing = this.things[pick % Math.max(1, this.things.length)];
    if (!thing?.owned) return;
    thing.released = true;
    void thing.owned.release();
  }

  #run(scope: Scope): void {
    void scope.run('task', async () => {
      this.tasksBegun++;
      await scope.sleep(FAR_MS);
      await this.#scheduler.schedule(Promise.resolve(), 'last of a task');
      this.tasksEnded++;
    });
  }

  /** Whether `node` is `ancestor` or below one of its children that was made after `made`. */
  isBuiltAfter(index: number, ancestor: number, made: number): boolean {
    let at: number | undefined = index;
    while (at !== undefined && at !== ancestor) {
      const { parent, made: born }: Node = this.nodes[at];
      if (parent === ancestor) return born > made;
      at = parent;
    }
    return false;
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Applies the operations in whatever order, closes the root after them, and answers how that went. */
async function play(scheduler: fc.Scheduler, wanted: readonly Op[], deadlineMs: number): Promise<Model> {
  const model = new Model(scheduler);
  for (const op of wanted) void scheduler.schedule(Promise.resolve(), String(op)).then(() => model.apply(op));
  const root = model.nodes[0];
  const closed = scheduler.schedule(Promise.resolve(), 'the end').then(() =>
    root.scope.close(deadlineMs).then(
      () => {},
      (error: AggregateError) => void model.told.push(...error.errors),
    ),
  );
  const progress = { isClosed: false };
  void closed.then(() => {
    progress.isClosed = true;
    model.tasksLeft = model.tasksBegun - model.tasksEnded;
  });
  while (!progress.isClosed) {
    await scheduler.waitIdle();
    for (let i = 0; i < 20; i++) await Promise.resolve();
    if (!progress.isClosed && scheduler.count() === 0) vi.advanceTimersByTime(deadlineMs);
  }
  return model;
}

test('after closing nothing is alive, each closer was called once, in the order stated', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), ops(manners('quick', 'slow', 'failing')), async (scheduler, wanted) => {
      const model = await play(scheduler, wanted, FAR_MS);
      const { things, nodes } = model;
      // What ended before the closing did, all of it. Refused things are nobody's, but were ended too.
      for (const thing of things.filter(({ refused }) => !refused)) {
        expect([thing.name, thing.calls, thing.ended > 0]).toEqual([thing.name, 1, true]);
      }
      expect(model.tasksLeft).toBe(0);
      await scheduler.waitIdle();
      for (const { name, calls } of things) expect([name, calls]).toEqual([name, 1]);
      for (const older of things.filter(({ refused, released }) => !refused && !released)) {
        for (const newer of things.filter(({ refused }) => !refused)) {
          const isNewer =
            newer.scope === older.scope
              ? newer.made > older.made
              : model.isBuiltAfter(newer.scope, older.scope, older.made);
          if (isNewer) expect([newer.name, newer.ended < older.begun, older.name]).toContain(true);
        }
      }
      const failed = things.filter(({ manner }) => manner === 'failing').map(({ name }) => name);
      expect(new Set(model.told.map((error) => (error as Error).message))).toEqual(new Set(failed));
      for (const { scope } of nodes) {
        expect(Object.fromEntries(scope.census())).toEqual({});
        expect(scope.holdings()).toEqual({ file: 0, socket: 0, watcher: 0, timer: 0, worker: 0 });
      }
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('what hangs is named with its path, and all the rest is closed once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), ops(manners('quick', 'slow', 'hanging')), async (scheduler, wanted) => {
      const model = await play(
        scheduler,
        wanted.filter(
          ([kind]) => kind !== 'release' && kind !== 'fire' && kind !== 'close' && kind !== 'abort',
        ),
        10_000,
      );
      for (const { name, calls } of model.things) expect([name, calls]).toEqual([name, 1]);
      const hanging = model.things.filter(({ manner, refused }) => manner === 'hanging' && !refused);
      const named = hanging.map(({ name, scope }) => {
        const { path } = model.nodes[scope].scope;
        return new AgentError('CLOSE_TIMEOUT', `file "${name}" of ${path} did not end.`).message;
      });
      expect(model.told.map((error) => (error as Error).message).toSorted()).toEqual(named.toSorted());
      expect(model.tasksLeft).toBe(0);
      for (const { scope } of model.nodes) expect(Object.fromEntries(scope.census())).toEqual({});
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 200 },
  );
});
