import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Job } from './job-context.js';
import { BUFFERED_BYTES, type FromWorker } from './protocol.js';
import { Scheduler } from './scheduler.js';

function burn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

async function* busy(pieces: number, ms: number): Job {
  for (let piece = 0; piece < pieces; piece++) {
    burn(ms);
    yield `piece ${piece}`;
  }
}

/** Ids of all that was posted until `done` jobs are done. */
async function posted(start: (scheduler: Scheduler) => void, done: number): Promise<FromWorker[]> {
  const messages: FromWorker[] = [];
  await new Promise<void>((resolve) => {
    const scheduler = new Scheduler(
      (message) => {
        messages.push(message);
        if (messages.filter(({ type }) => type === 'done').length === done) resolve();
      },
      () => {},
    );
    start(scheduler);
  });
  return messages;
}

const ids = (messages: readonly FromWorker[], type: string): (number | undefined)[] =>
  messages
    .filter((message) => message.type === type)
    .map((message) => ('id' in message ? message.id : undefined));

test('a short job does not wait for the end of a long one that came before', async () => {
  const messages = await posted((scheduler) => {
    scheduler.start(1, () => busy(50, 4));
    scheduler.start(2, () => busy(3, 4));
  }, 2);
  expect(ids(messages, 'done')).toEqual([2, 1]);
  expect(ids(messages, 'text').filter((id) => id === 1).length).toBe(50);
});

test('a job whose text nobody takes waits, others do not, and it goes on when it is taken', async () => {
  const large = async function* (): Job {
    for (let piece = 0; piece < 5; piece++) yield Buffer.alloc(BUFFERED_BYTES);
  };
  const messages: FromWorker[] = [];
  let rests = 0;
  const scheduler = new Scheduler(
    (message) => messages.push(message),
    () => rests++,
  );
  scheduler.start(1, large);
  scheduler.start(2, () => busy(20, 0));
  await pause(100);
  expect(ids(messages, 'text').filter((id) => id === 1)).toEqual([1]);
  expect(ids(messages, 'done')).toEqual([2]);
  expect(rests).toBeGreaterThan(0);
  for (let piece = 0; piece < 5; piece++) {
    scheduler.taken(1, BUFFERED_BYTES);
    await pause(20);
  }
  expect(ids(messages, 'text').filter((id) => id === 1).length).toBe(5);
  expect(ids(messages, 'done')).toEqual([2, 1]);
});

test('a stop is heard by a job that works, and by one whose text nobody takes', async () => {
  const messages = await posted((scheduler) => {
    const endless = (isStopping: () => boolean): Job =>
      (async function* () {
        while (!isStopping()) {
          burn(1);
          yield undefined;
        }
        yield 'bye';
      })();
    const stuck = (isStopping: () => boolean): Job =>
      (async function* () {
        while (!isStopping()) yield Buffer.alloc(BUFFERED_BYTES);
      })();
    scheduler.start(1, endless);
    scheduler.start(2, stuck);
    void pause(50).then(() => {
      scheduler.stop(1);
      scheduler.stop(2);
    });
  }, 2);
  expect(ids(messages, 'done').sort()).toEqual([1, 2]);
});

test('a job that fails says why, and the others go on', async () => {
  const messages = await posted((scheduler) => {
    scheduler.start(1, () =>
      (async function* (): Job {
        yield 'a';
        throw new Error('no such luck');
      })(),
    );
    scheduler.start(2, () => busy(3, 1));
  }, 2);
  expect(messages.filter(({ type }) => type === 'done')).toEqual([
    { type: 'done', id: 1, error: 'no such luck' },
    { type: 'done', id: 2 },
  ]);
});
