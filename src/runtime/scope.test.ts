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
});
