import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReloadResult } from '../../config/shape.js';
import { reload } from './reload.js';

let server: Server;
let url: string;
let asked: string[];
let answer: ReloadResult;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.close();
});

async function told(): Promise<{ readonly code: number; readonly out: string }> {
  const out = new PassThrough();
  const all = text(out);
  const code = await reload({ url }, out);
  out.end();
  return { code, out: await all };
}

test('what was done, and what looks like a mistake', async () => {
  answer = {
    result: 'applied',
    changes: [
      { component: 'server', change: 'unchanged', why: '' },
      { component: 'labels', change: 'changed', why: 'every source is rebuilt for them' },
      { component: 'sinks.loki', change: 'rebuilt', why: '' },
    ],
    problems: [
      {
        severity: 'warning',
        line: 3,
        column: 9,
        key: 'server.auth',
        message: 'server.auth is none: x.',
        remedy: null,
      },
    ],
  };
  const { code, out } = await told();
  expect(asked).toEqual(['POST /api/v1/config/reload']);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^Reloaded:\n\nlabels +changed +every source is rebuilt for them *\nsinks\.loki +rebuilt *\n/,
  );
  expect(out).toMatch(/3:9: server\.auth is none: x\.\n$/);
  expect(out).not.toContain('server ');
});

test('nothing', async () => {
  answer = { result: 'unchanged', changes: [{ component: 'a', change: 'unchanged', why: '' }], problems: [] };
  expect(await told()).toEqual({ code: 0, out: 'Reloaded: nothing is different.\n' });
});

test('why not, and nothing of it reaches the terminal as a command', async () => {
  const message = 'sinks.x\u001b[2J: unknown key';
  answer = {
    result: 'refused',
    changes: [],
    problems: [{ severity: 'error', line: null, column: null, key: '', message, remedy: 'Mend it.' }],
  };
  const { code, out } = await told();
  expect(code).toBe(1);
  expect(out).toMatch(/^Not reloaded, the configuration in force goes on:\n\n/);
  expect(out).toContain('unknown key Mend it.\n');
  expect(out).not.toContain('\u001b');
});
