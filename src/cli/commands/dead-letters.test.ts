import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runProgram } from '../program.js';
import { exportDeadLetters, listDeadLetters, redriveDeadLetters, showDeadLetter } from './dead-letters.js';

const LETTER = {
  id: '7-2',
  sink: 'loki',
  reason: 'too_old',
  said: 'entry for stream',
  attempts: 1,
  rejected: '2026-11-22T03:00:00.000Z',
  time: '2026-11-20T03:00:00.000000001Z',
  labels: { container: 'web', stream: 'stdout' },
  line: 'plain',
};
const HOSTILE = {
  ...LETTER,
  id: '7-3',
  attempts: 3,
  labels: { a: '1' },
  fields: { status: '\u001b[2J' },
  line: '\u001b]0;title\u0007a\u001b[31mb\rc',
};

let server: Server;
let url: string;
let asked: string[];
let answers: unknown[];
let status: number;

beforeEach(async () => {
  asked = [];
  answers = [];
  status = 200;
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(status).end(JSON.stringify(answers.shift()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

async function printed(command: (out: PassThrough) => Promise<number>): Promise<[code: number, out: string]> {
  const out = new PassThrough();
  const all = text(out);
  const code = await command(out);
  out.end();
  return [code, await all];
}

const page = (letters: unknown[], next?: string): unknown => ({
  counts: [{ sink: 'loki', reason: 'too_old', lines: 12 }],
  bytes: 1,
  letters,
  next,
});

test('list: how many, and the newest ones, with nothing that a terminal would take for a command', async () => {
  const later = { ...LETTER, id: '9-0', line: 'newest' };
  const pages = [page([LETTER, { ...LETTER, id: '7-9' }], '8-0'), page([HOSTILE], '9-0'), page([later])];
  answers = [...pages];
  const options = { url, token: 'secret', sink: 'loki', since: '2026-11-22T00:00:00.000Z', lines: 2 };
  expect(await printed((out) => listDeadLetters(options, out))).toEqual([
    0,
    `12 dead letters: loki too_old 12
9-0  2026-11-22T03:00:00.000Z  loki  too_old  web/stdout | newest
7-3  2026-11-22T03:00:00.000Z  loki  too_old (3 times)  {a="1"} | ab·c
… and more: the newest 2 of 4; -n shows more, --sink, --reason and --since choose, export takes all.
`,
  ]);
  const question = 'GET /api/v1/dead-letters?sink=loki&since=2026-11-22T00%3A00%3A00.000Z&n=1000';
  expect(asked).toEqual([
    `${question} Bearer secret`,
    `${question}&from=8-0 Bearer secret`,
    `${question}&from=9-0 Bearer secret`,
  ]);
  answers = [...pages];
  const [, all] = await printed((out) => listDeadLetters({ ...options, lines: 4 }, out));
  expect(all.match(/^\d+-\d+/gm)).toEqual(['9-0', '7-3', '7-9', '7-2']);
  expect(all).not.toContain('more');
  answers = [...pages];
  const [, json] = await printed((out) => listDeadLetters({ ...options, json: true }, out));
  expect(json).toBe(`${JSON.stringify(later)}\n${JSON.stringify(HOSTILE)}\n`);
  answers = [{ counts: [], bytes: 0, letters: [] }];
  expect(await printed((out) => listDeadLetters({ url, lines: 5 }, out))).toEqual([0, '0 dead letters\n']);
});

test('export: all pages, as they are', async () => {
  answers = [page([LETTER], '7-3'), page([HOSTILE])];
  const [code, out] = await printed((to) => exportDeadLetters({ url }, to));
  expect(code).toBe(0);
  expect(out.split('\n').map((line) => line && (JSON.parse(line) as unknown))).toEqual([LETTER, HOSTILE, '']);
  expect(asked.map((line) => line.split(' ')[1])).toEqual([
    '/api/v1/dead-letters?n=1000',
    '/api/v1/dead-letters?n=1000&from=7-3',
  ]);
});

test('a closed pipe ends export quietly, without asking for more', async () => {
  const out = new PassThrough().on('error', () => {});
  out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  answers = [page([LETTER], '7-3'), page([HOSTILE])];
  expect(await exportDeadLetters({ url }, out)).toBe(0);
  expect(asked).toHaveLength(1);
  answers = [page([LETTER])];
  expect(await listDeadLetters({ url, lines: 1 }, out)).toBe(0);
});

test('show: one of them whole, or that there is none', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  answers = [page([HOSTILE], '8-0'), page([HOSTILE])];
  const [code, out] = await printed((to) => showDeadLetter('7-3', { url }, to));
  expect(code).toBe(0);
  expect(out).toContain('said      entry for stream\n');
  expect(out).toContain('labels    {a="1"}\nfields    {"status":"\\u001b[2J"}\nline      ab·c\n');
  expect(await printed((to) => showDeadLetter('7-2', { url }, to))).toEqual([1, '']);
  expect(error).toHaveBeenCalledWith('log-capturer: there is no dead letter 7-2 now.');
});

test.each([
  [{ delivered: 3, refused: {}, left: 0 }, 0, 'delivered 3\n'],
  [{ delivered: 3, refused: { too_old: 2 }, left: 0 }, 1, 'delivered 3, refused again 2 (too_old)\n'],
  [
    { delivered: 0, refused: {}, left: 4, trouble: 'Loki is \u001b[2Jaway.' },
    1,
    'delivered 0, left 4: Loki is away.\n',
  ],
])('redrive: %j', async (answer, code, out) => {
  answers = [answer, answer];
  expect(await printed((to) => redriveDeadLetters({ url, reason: 'a b' }, to))).toEqual([code, out]);
  expect(asked).toEqual(['POST /api/v1/dead-letters/redrive?reason=a+b undefined']);
  expect((await printed((to) => redriveDeadLetters({ url, json: true }, to)))[1]).toBe(
    `${JSON.stringify(answer)}\n`,
  );
});

test('an agent that refuses, and what is none', async () => {
  status = 403;
  answers = [{ error: { message: 'A page of another site asks for this.' } }];
  await expect(redriveDeadLetters({ url })).rejects.toThrow(/refuses: A page of another site/);
  status = 200;
  answers = ['hello'];
  await expect(listDeadLetters({ url, lines: 1 })).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
});

test('the command line', async () => {
  let said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  const run = (...args: string[]): Promise<number> =>
    runProgram(['node', 'log-capturer', 'dead-letters', ...args], () => {});
  for (const wrong of [['list', '--since', 'soon'], ['list', '-n', '0'], ['show'], ['forget']])
    expect([wrong, await run(...wrong)]).toEqual([wrong, 2]);
  for (const id of ['1', 'x-1', '-1-2', '']) expect([id, await run('show', '--', id)]).toEqual([id, 2]);
  expect(said).toContain(
    `value '1' is invalid for argument 'id'. An id looks like 0-12: "log-capturer dead-letters`,
  );
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((_text, ...rest) => {
    (rest.at(-1) as () => void)();
    return true;
  });
  answers = [page([LETTER])];
  expect(await run('list', '--url', url, '--since', '2h')).toBe(0);
  expect(write.mock.calls.map(([out]) => out).join('')).toContain('web/stdout | plain');
  const since = Date.parse(decodeURIComponent(/since=([^&]+)/.exec(asked[0])?.[1] ?? ''));
  expect(Date.now() - since).toBeGreaterThanOrEqual(7_200_000);
  expect(Date.now() - since).toBeLessThan(7_300_000);
});
