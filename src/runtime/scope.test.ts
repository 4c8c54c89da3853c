import { describe, expect, test } from 'vitest';
import { AgentError } from './errors.js';
import { Scope } from './scope.js';

function rootScope(failures: unknown[] = []): Scope {
  return Scope.root('test', (error) => failures.push(error));
}

describe('Scope', () => {
  test('ends what it owns newest first, children before what they were built on', async () => {
    const root = rootScope();
    const ended: string[] = [];
    root.own('file', 'first', () => void ended.push('first'));
    const child = root.child('child');
    child.own('socket', 'in child', () => void ended.push('in child'));
    root.own('timer', 'last', () => void ended.push('last'));
    await root.close();
    expect(ended).toEqual(['last', 'in child', 'first']);
    expect([...root.census()]).toEqual([]);
  });

  test('one failing closer does not skip the rest, and is reported', async () => {
    const root = rootScope();
    const ended: string[] = [];
    root.own('file', 'a', () => void ended.push('a'));
    root.own('file', 'b', () => {
      throw new Error('b is broken');
    });
    root.own('file', 'c', async () => {
      ended.push('c');
    });
    await expect(root.close()).rejects.toMatchObject({ errors: [{ message: 'b is broken' }] });
    expect(ended).toEqual(['c', 'a']);
  });

  test('closing awaits its tasks, which hear of it through the signal', async () => {
    const root = rootScope();
    const steps: string[] = [];
    void root.run('worker', async () => {
      while (!root.isClosing) await root.sleep(60_000);
      await Promise.resolve();
      steps.push('worker done');
    });
    await root.close();
    steps.push('closed');
    expect(steps).toEqual(['worker done', 'closed']);
  });

  test('a sleep ends when closing begins, not in its turn: what is newer may wait for it', async () => {
    const root = rootScope();
    const sleeping = root.sleep(60_000);
    void root.child('newer').run('waits', () => sleeping);
    await root.close(20);
  });

  test('a task that fails is heard of, and is gone', async () => {
    const failures: unknown[] = [];
    const root = rootScope(failures);
    await root.run('worker', () => Promise.reject(new Error('boom')));
    expect(failures).toEqual([new Error('boom')]);
    expect(root.census().get('task')).toBeUndefined();
    await root.close();
  });

  test('a task that does not end is named and does not hold up the rest', async () => {
    const root = rootScope();
    const ended: string[] = [];
    root.own('file', 'other', () => void ended.push('other'));
    void root.run('stuck', () => new Promise<void>(() => {}));
    const failure = await root.close(20).catch((error: unknown) => error);
    expect((failure as AggregateError).errors).toEqual([
      new AgentError('CLOSE_TIMEOUT', 'task "stuck" of test did not end.'),
    ]);
    expect(ended).toEqual(['other']);
  });

  test('a deadline turns drain into abort', async () => {
    const root = rootScope();
    const child = root.child('child');
    const heard: string[] = [];
    void child.run('slow', async () => {
      await new Promise<void>((resolve) => child.aborted.addEventListener('abort', () => resolve()));
      heard.push('aborted');
    });
    await root.close(20);
    expect(heard).toEqual(['aborted']);
  });

  test('is idempotent, and takes nothing new afterwards', async () => {
    const root = rootScope();
    let times = 0;
    root.own('file', 'once', () => void times++);
    await Promise.all([root.close(), root.close()]);
    expect(times).toBe(1);
    expect(() => root.interval('late', 1000, () => {})).toThrow('is closing');
    expect(() => root.child('late')).toThrow('is closing');
    const lateResource: string[] = [];
    expect(() => root.own('file', 'late', () => void lateResource.push('closed'))).toThrow('is closing');
    expect(lateResource).toEqual(['closed']);
  });

  test('counts what is alive by kind, and forgets what was released', async () => {
    const root = rootScope();
    const child = root.child('child');
    const timer = child.interval('tick', 60_000, () => {});
    child.own('file', 'log', () => {});
    expect(Object.fromEntries(root.census())).toEqual({ scope: 1, timer: 1, file: 1 });
    await timer.release();
    await child.close();
    expect(Object.fromEntries(root.census())).toEqual({});
    await root.close();
  });

  test('a timeout fires once and leaves nothing behind', async () => {
    const root = rootScope();
    await new Promise<void>((resolve) => void root.timeout('soon', 1, resolve));
    expect(Object.fromEntries(root.census())).toEqual({});
    await root.close();
  });

  test('what would not end is named with its path, however deep, and the rest of its scope is closed', async () => {
    const root = rootScope();
    const child = root.child('sinks').child('loki');
    const ended: string[] = [];
    child.own('file', 'older', () => void ended.push('older'));
    child.own('socket', 'stuck', () => new Promise<void>(() => {}));
    root.own('file', 'newest', () => void ended.push('newest'));
    const failure = await root.close(20).catch((error: unknown) => error);
    expect((failure as AggregateError).errors).toEqual([
      new AgentError('CLOSE_TIMEOUT', 'socket "stuck" of test/sinks/loki did not end.'),
    ]);
    expect((failure as AggregateError).message).toBe(
      'closing test failed: socket "stuck" of test/sinks/loki did not end.',
    );
    expect(ended).toEqual(['newest', 'older']);
  });

  test('what is being released is awaited by closing', async () => {
    const root = rootScope();
    const steps: string[] = [];
    let end!: () => void;
    const owned = root.own('file', 'slow', () => new Promise<void>((resolve) => (end = resolve)));
    void owned.release();
    expect(root.holdings().file).toBe(1);
    const closed = root.close().then(() => steps.push('closed'));
    await new Promise((resolve) => setImmediate(resolve));
    steps.push('ended');
    end();
    await closed;
    expect(steps).toEqual(['ended', 'closed']);
  });

  test('a release that fails and a callback that throws are heard of, and end nothing', async () => {
    const heard: string[] = [];
    const root = Scope.root('test', (error, task) => heard.push(`${task}: ${(error as Error).message}`));
    const child = root.child('child');
    await child.own('file', 'a', () => Promise.reject(new Error('no'))).release();
    child.onClosing('b', () => {
      throw new Error('not now');
    });
    await new Promise<void>((resolve) => {
      child.timeout('c', 1, () => {
        resolve();
        throw new Error('late');
      });
    });
    await root.close();
    expect(heard).toEqual(['test/child/a: no', 'test/child/c: late', 'test/child/b: not now']);
  });

  test('a scope may be closed from within what its closing calls', async () => {
    const root = rootScope();
    let times = 0;
    root.own('file', 'once', () => void times++);
    root.onClosing('again', () => void root.close());
    await root.run('task', async () => void root.close());
    await root.close();
    expect(times).toBe(1);
  });

  test('listeners go with their work, and are called where it is too late to wait', async () => {
    const root = rootScope();
    const heard: string[] = [];
    const gone = root.onClosing('gone', () => heard.push('gone'));
    root.onClosing('there', () => heard.push('there'));
    expect(root.census().get('listener')).toBe(2);
    await gone.release();
    expect(root.census().get('listener')).toBe(1);
    const waiting = root.untilClosing();
    await root.close();
    await waiting;
    root.onClosing('late', () => heard.push('late'));
    root.onAborted('never', () => heard.push('never'));
    await root.abort();
    expect(heard).toEqual(['there', 'late']);
  });

  test('abort is heard in the whole tree at once, closing comes in its turn', async () => {
    const root = rootScope();
    const deep = root.child('child').child('deep');
    const heard: string[] = [];
    deep.onAborted('deep', () => heard.push(`aborted, closing: ${deep.isClosing}`));
    deep.onClosing('deep', () => heard.push('closing'));
    root.own('file', 'newest', () => void heard.push('newest'));
    await root.abort();
    expect(heard).toEqual(['aborted, closing: false', 'newest', 'closing']);
  });

  test('what others are built on takes their last, also where they were aborted', async () => {
    const failures: unknown[] = [];
    const root = rootScope(failures);
    const store = root.child('store');
    const kept: string[] = [];
    root.own('task', 'store', () => store.run('write', async () => void kept.push('the last')));
    void root.run('hanging', () => new Promise<void>((resolve) => root.onAborted('abort', resolve)));
    await root.close(1);
    expect({ kept, failures }).toEqual({ kept: ['the last'], failures: [] });
  });

  test('says what is held: as is usual for its kind, or as the owner says', async () => {
    const root = rootScope();
    const child = root.child('child');
    let sockets = 3;
    child.own(
      'server',
      'http',
      () => {},
      () => ({ socket: sockets }),
    );
    child.own('file', 'log', () => {});
    child.own('watcher', 'folder', () => {});
    child.own('request', '/logs', () => {});
    root.own('worker', 'holder', () => {});
    const sleeping = root.sleep(60_000);
    expect(root.holdings()).toEqual({ file: 1, socket: 3, watcher: 1, timer: 1, worker: 1 });
    sockets = 1;
    expect(root.holdings().socket).toBe(1);
    await root.close();
    await sleeping;
    expect(root.holdings()).toEqual({ file: 0, socket: 0, watcher: 0, timer: 0, worker: 0 });
  });

  test('shows its tree: equal entries as one row, with the age of the oldest', async () => {
    const root = rootScope();
    const child = root.child('child');
    child.own('file', 'log', () => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    child.own('file', 'log', () => {});
    const tree = root.tree();
    expect(tree).toMatchObject({
      name: 'test',
      resources: [],
      scopes: [{ name: 'child', resources: [{ kind: 'file', name: 'log', count: 2 }], scopes: [] }],
    });
    const [{ ageSeconds, resources } = expect.fail('no child')] = tree.scopes;
    expect(resources[0]?.oldestSeconds).toBeGreaterThanOrEqual(0.004);
    expect(ageSeconds).toBeGreaterThanOrEqual(resources[0]?.oldestSeconds ?? 0);
    expect(tree.ageSeconds).toBeGreaterThanOrEqual(ageSeconds);
    await root.close();
  });

  test.each(['timeout', 'interval'] as const)(
    'knows how late a timer of the tree came, once: %s',
    async (kind) => {
      const root = rootScope();
      const child = root.child('child');
      const fired = new Promise<void>((resolve) => void root.child('other')[kind]('timer', 5, resolve));
      // The loop does something else meanwhile.
      for (const begin = performance.now(); performance.now() - begin < 60; );
      await fired;
      expect(child.takeLateness()).toBeGreaterThanOrEqual(54);
      expect(root.takeLateness()).toBe(0);
      await root.close();
    },
  );
});
