/** The main thread's side of the search, with workers that do what real ones should not. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import type { Question } from './requests.js';
import { MAX_QUESTIONS, type SearchedJournal, type SearchParts, SearchService } from './service.js';

const JOURNAL = {
  stats: { linesUncommitted: 0 },
  history: () => [],
  learnSpan: () => {},
  barrier: () => Promise.resolve(0),
} as unknown as SearchedJournal;

const LATEST: Question = {
  kind: 'context',
  container: 'web',
  time: { seconds: Math.floor(Date.now() / 1000) + 3_600, nanos: 0 },
  stream: undefined,
  before: 1,
  after: 1,
  full: false,
};
const OLD: Question = { ...LATEST, time: { seconds: 1_700_000_000, nanos: 0 } };

/** Begins with what every worker here has. `said` is what it was told last, by type. */
const BEGIN = `import { workerData } from 'node:worker_threads';
const { port, openFiles } = workerData;
const open = new Int32Array(openFiles);
const text = (id, text) => { const bytes = new TextEncoder().encode(text); port.postMessage({ type: 'text', id, bytes }); };
const hear = (on) => port.on('message', (message) => on[message.type]?.(message));`;
const ANSWERS = `hear({
  start: ({ id, request }) => { text(id, 'hello ' + request.kind); port.postMessage({ type: 'done', id }); },
  ping: () => port.postMessage({ type: 'alive' }),
});`;
const WAITS = `let taken = 0;
hear({
  start: ({ id }) => text(id, 'first'),
  taken: ({ id, bytes }) => { if (++taken === 1) text(id, ' taken ' + bytes); },
  stop: ({ id }) => { text(id, ' stopped'); port.postMessage({ type: 'done', id }); },
  ping: () => port.postMessage({ type: 'alive' }),
});`;

const workerOf = (code: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(`${BEGIN}\n${code}`)}`);

let root: Scope;
let failures: unknown[];

beforeEach(() => {
  failures = [];
  root = Scope.root('test', (error) => failures.push(error));
});

afterEach(async () => {
  await root.close();
  expect(failures).toEqual([]);
});

function service(code: string, patience: Pick<SearchParts, 'idleMs' | 'silenceMs'> = {}): SearchService {
  const parts = { scope: root, journal: JOURNAL, log: silentLogger };
  return new SearchService({ ...parts, workerFile: workerOf(code), ...patience });
}

interface Asking {
  readonly client: Scope;
  readonly answer: Promise<string>;
  readonly heard: () => string;
}

function ask(search: SearchService, take: () => Promise<void> | undefined = () => undefined): Asking {
  const client = root.child('client');
  let heard = '';
  const answer = search
    .ask(client, LATEST, (bytes) => {
      heard += Buffer.from(bytes).toString();
      return take();
    })
    .then(() => heard);
  return { client, answer, heard: () => heard };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}

const workers = (): number => root.census().get('worker') ?? 0;

test('one worker answers question after question, and ends when there are none for a while', async () => {
  const search = service(ANSWERS, { idleMs: 300 });
  expect(workers()).toBe(0);
  expect(await ask(search).answer).toBe('hello context');
  expect(await ask(search).answer).toBe('hello context');
  expect(workers()).toBe(1);
  await until(() => workers() === 0);
  expect(await ask(search).answer).toBe('hello context');
});

test('a worker that ends, by a mistake or without a word, fails its questions, and the next one gets another', async () => {
  const dies = 'hear({ start: () => { setTimeout(() => { HOW }, 10); } });';
  for (const [how, message] of [
    ['throw new Error("out of luck")', /out of luck/],
    ['process.exit(0)', /has ended/],
    ['port.close()', /has ended/],
  ] as const) {
    const search = service(dies.replace('HOW', how));
    const asked = [ask(search), ask(search)];
    for (const { answer } of asked)
      await expect(answer).rejects.toMatchObject({
        code: 'SEARCH_FAILED',
        message: expect.stringMatching(message) as string,
      });
    await until(() => workers() === 0);
    const again = ask(search);
    expect(workers()).toBe(1);
    await expect(again.answer).rejects.toMatchObject({ code: 'SEARCH_FAILED' });
  }
});

test('a worker that hangs is ended, and fails its questions', async () => {
  const search = service('hear({ start: () => { for (;;); } });', { silenceMs: 1_000 });
  await expect(ask(search).answer).rejects.toMatchObject({
    code: 'SEARCH_FAILED',
    message: expect.stringContaining('has not answered for 1 s') as string,
  });
  await until(() => workers() === 0);
});

test('what a job says went wrong is told, and the worker stays', async () => {
  const search = service(
    `hear({ start: ({ id }) => port.postMessage({ type: 'done', id, error: 'the disk is on fire' }) });`,
  );
  await expect(ask(search).answer).rejects.toMatchObject({
    code: 'SEARCH_FAILED',
    message: 'The search cannot go on: the disk is on fire',
  });
  expect(workers()).toBe(1);
});

test('a piece counts as taken when whoever asks has taken it, and not before', async () => {
  const search = service(WAITS);
  let take!: () => void;
  const taking = new Promise<void>((resolve) => {
    take = resolve;
  });
  const { client, answer, heard } = ask(search, () => (heard() === 'first' ? taking : undefined));
  await until(() => heard() === 'first');
  await pause(100);
  expect(heard()).toBe('first');
  take();
  await until(() => heard() === 'first taken 5');
  await client.close();
  expect(await answer).toBe('first taken 5 stopped');
});

test('at most so many at once; a client that goes makes room', async () => {
  const search = service(WAITS);
  const asked = Array.from({ length: MAX_QUESTIONS }, () => ask(search));
  expect(search.isFull).toBe(true);
  await asked[0].client.close();
  await asked[0].answer;
  expect(search.isFull).toBe(false);
});

test('a worker that does not answer to a stop lets the client go', async () => {
  const search = service('hear({});');
  const { client, answer } = ask(search);
  const begun = performance.now();
  await client.close();
  expect(await answer).toBe('');
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test('files that the worker has open are owned as long as it lives', async () => {
  const search = service(`Atomics.add(open, 0, 3);\n${ANSWERS}`, { idleMs: 300 });
  await ask(search).answer;
  expect(root.holdings()).toMatchObject({ worker: 1, file: 3 });
  await until(() => workers() === 0);
  expect(root.holdings()).toMatchObject({ worker: 0, file: 0 });
});

test('who asks for the present gets what is not committed yet, who asks for the past waits for no commit', async () => {
  const told: string[] = [];
  const journal = {
    ...JOURNAL,
    stats: { linesUncommitted: 1 },
    barrier: async () => {
      await pause(10);
      told.push('committed');
      return 0;
    },
    history: () => {
      told.push('history');
      return [];
    },
  } as unknown as SearchedJournal;
  const search = new SearchService({
    scope: root,
    journal,
    log: silentLogger,
    workerFile: workerOf(ANSWERS),
  });
  await ask(search).answer;
  expect(told).toEqual(['committed', 'history']);
  const client = root.child('client');
  await search.ask(client, OLD, () => undefined);
  await client.close();
  expect(told).toEqual(['committed', 'history', 'history']);
});
