import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GapView } from '../../server/shapes/gap.js';
import { runProgram } from '../program.js';
import { type GapsOptions, gaps } from './gaps.js';

const ROTATED: GapView = {
  number: 2,
  told: '2026-11-22T09:00:01.500Z',
  container: 'web\u001b[2J\n',
  sink: null,
  why: 'rotated',
  from: '2026-11-22T08:00:00.000000001Z',
  to: null,
  lines: null,
  text: 'all of it',
};
const CAP: GapView = {
  ...ROTATED,
  number: 1,
  told: '2026-11-21T09:00:00.000Z',
  container: 'db',
  sink: 'loki',
  why: 'cap',
  to: '2026-11-22T08:30:00.000000000Z',
  lines: 12_345,
};

let server: Server;
let url: string;
let asked: string[];
let answer: unknown;

beforeEach(async () => {
  asked = [];
  answer = { gaps: [ROTATED, CAP], counts: { rotated: 1, cap: 1 } };
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.end(JSON.stringify(answer));
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

async function printed(options: Partial<GapsOptions> = {}): Promise<string> {
  const out = new PassThrough();
  const all = text(out);
  expect(await gaps({ url, lines: 20, ...options }, out)).toBe(0);
  out.end();
  return all;
}

test('a table, with nothing that a terminal would take for a command', async () => {
  expect(await printed({ token: 'secret' })).toBe(`Lines that are missing, the newest first, times in UTC.

told                 container  sink  from                 to                   lines   why
2026-11-22 09:00:01  web·       all   2026-11-22 08:00:00  ?                    ?       rotated
2026-11-21 09:00:00  db         loki  2026-11-22 08:00:00  2026-11-22 08:30:00  12,345  cap
`);
  expect(asked).toEqual(['GET /api/v1/gaps Bearer secret']);
});

test('-n: the newest ones, and how many there are', async () => {
  const out = await printed({ lines: 1 });
  expect(out).toMatch(/ rotated\n… and more: the newest 1 of 2; -n shows more\.\n$/);
  expect(out).not.toContain('loki');
});

test('--json: as they are, one a line', async () => {
  const lines = (await printed({ json: true })).split('\n');
  expect(lines.map((line) => line && (JSON.parse(line) as unknown))).toEqual([ROTATED, CAP, '']);
  expect((await printed({ json: true, lines: 1 })).split('\n')).toHaveLength(2);
});

test('none, and what is no agent', async () => {
  answer = { gaps: [], counts: {} };
  expect(await printed()).toBe('No gaps: no lines are known to be missing.\n');
  expect(await printed({ json: true })).toBe('');
  answer = 'hello';
  await expect(printed()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
});

test('the command line shows 20 where nothing is said', async () => {
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk, ...rest) => {
    said += String(chunk);
    (rest.at(-1) as (() => void) | undefined)?.();
    return true;
  });
  const run = (...args: string[]): Promise<number> =>
    runProgram(['node', 'log-capturer', 'gaps', '--url', url, ...args], () => {});
  answer = { gaps: Array.from({ length: 21 }, () => CAP), counts: {} };
  expect(await run()).toBe(0);
  expect(said).toContain('the newest 20 of 21;');
  expect([await run('-n', '0'), await run('-n', '1001')]).toEqual([2, 2]);
});
