import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batch } from '../../pipeline/batch.js';
import { type Labels, StreamTable } from '../../pipeline/streams.js';
import { Scope } from '../../runtime/scope.js';
import { type RunningServer, startServer } from '../../server/server.js';
import { TailHub } from '../../server/tail/hub.js';
import { QUIET_JOURNAL, serverOptions } from '../../server/testing/server-options.js';
import { type TailOptions, tail } from './tail.js';

let root: Scope;
let hub: TailHub;
let options: TailOptions;
const streams = new StreamTable();

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  hub = new TailHub(QUIET_JOURNAL);
  const server = await serve({ auth: 'auto' });
  options = { url: server.url, lines: '10', follow: true };
});

async function serve(login: {
  readonly auth: 'auto' | 'token';
  readonly token?: string;
}): Promise<RunningServer> {
  return startServer(root, serverOptions({ ...login, tail: hub }));
}

afterEach(() => root.close());

function push(...lines: readonly (readonly [container: string, line: string, labels?: Labels])[]): void {
  const batch = new Batch(Buffer.alloc(64 * 1024), 100);
  let at = 0;
  for (const [container, line, labels = { stream: 'stdout' }] of lines) {
    const end = at + batch.arena.write(line, at);
    batch.add(at, end, streams.acquire({ container, ...labels }).id, 1, 2, 0);
    at = end;
  }
  hub.onBatch(batch, (id) => streams.get(id));
}

function start(more: Partial<TailOptions> = {}, isTTY = false, env: NodeJS.ProcessEnv = {}) {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const stderr = new PassThrough();
  const printed = { out: '', err: '' };
  stdout.on('data', (chunk) => {
    printed.out += String(chunk);
  });
  stderr.on('data', (chunk) => {
    printed.err += String(chunk);
  });
  return { code: tail({ ...options, ...more }, { stdout, stderr, env }), stdout, printed };
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}

describe('tail', () => {
  test('prints what comes, and ends when the agent stops', async () => {
    const { code, printed } = start();
    await until(() => hub.clients === 1);
    push(['web', 'one'], ['db', 'two \u001b[31mred\u001b[0m\u001b[2J']);
    await until(() => printed.out.includes('two'));
    await root.close();
    expect(await code).toBe(0);
    // Not a terminal: bytes as they are.
    expect(printed.out).toBe('web | one\ndb | two \u001b[31mred\u001b[0m\u001b[2J\n');
    expect(printed.err).toBe('log-capturer: the agent is stopping.\n');
  });

  test('on a terminal names have colours and lines can do no harm; NO_COLOR is heard', async () => {
    const colored = start({}, true);
    const plain = start({}, true, { NO_COLOR: '1' });
    await until(() => hub.clients === 2);
    push(['web', 'a \u001b[31mred\u001b[2J\r']);
    await until(() => colored.printed.out !== '' && plain.printed.out !== '');
    await root.close();
    expect(colored.printed.out.replaceAll('\u001b', 'ESC')).toMatch(
      /^ESC\[\d+mwebESC\[0m \| a ESC\[31mred·ESC\[0m\n$/,
    );
    expect(plain.printed.out).toBe('web | a red·\n');
  });

  test('a line that says that lines are missing cannot be overlooked', async () => {
    const gap = ['web', 'log-capturer: lines are missing', { gap: 'rotated' }] as const;
    const printed = [start({}, true), start({}, true, { NO_COLOR: '1' }), start(), start({ json: true })];
    await until(() => hub.clients === 4);
    push(gap);
    await until(() => printed.every(({ printed }) => printed.out !== ''));
    await root.close();
    const [colored, plain, piped, json] = printed.map(({ printed }) => printed.out);
    expect(colored.replaceAll('\u001b', 'ESC')).toMatch(
      /^ESC\[\d+mwebESC\[0m \| ESC\[30;43mlog-capturer: lines are missingESC\[0m\n$/,
    );
    expect(plain).toBe('web | log-capturer: lines are missing\n');
    expect(piped).toBe(plain);
    expect(JSON.parse(json)).toMatchObject({ container: 'web', stream: '', gap: 'rotated' });
  });

  test('asks for a query and for levels, and colours what stands before a line by its level', async () => {
    const { printed } = start({ query: 'timeout', level: ['error', 'warn'] }, true);
    await until(() => hub.clients === 1);
    push(['web', 'ERROR a Timeout'], ['web', 'ERROR b'], ['web', 'timeout'], ['db', 'WARN timeout']);
    await until(() => printed.out.includes('WARN'));
    await root.close();
    expect(printed.out.replaceAll('\u001b', 'ESC').replace(/ESC\[\d+m(web|db)ESC\[0m/g, '$1')).toBe(
      'web ESC[31m|ESC[0m ERROR a Timeout\ndb ESC[33m|ESC[0m WARN timeout\n',
    );
  });

  test('a long line is cut, and says so', async () => {
    const { printed } = start();
    await until(() => hub.clients === 1);
    push(['web', 'x'.repeat(20_000)]);
    await until(() => printed.out !== '');
    expect(printed.out).toBe(`web | ${'x'.repeat(16 * 1024)} [3616 bytes more]\n`);
  });

  test('asks for containers and text only; --json gives one object a line', async () => {
    const { printed } = start({ container: ['web', 'db'], grep: 'needle & co', json: true });
    await until(() => hub.clients === 1);
    push(['web', 'needle & co'], ['web', 'x'], ['other', 'needle & co'], ['db', 'a needle & co b']);
    await until(() => printed.out.split('\n').length === 3);
    const lines = printed.out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        container: 'web',
        line: 'needle & co',
        time: '1970-01-01T00:00:01.000000002Z',
      }),
      expect.objectContaining({ container: 'db', line: 'a needle & co b' }),
    ]);
  });

  test('--no-follow ends after the first lines, and says where there are none', async () => {
    const { code, printed } = start({ container: ['nosuch'], follow: false });
    expect(await code).toBe(0);
    expect(printed).toEqual({ out: '', err: 'log-capturer: no line matches.\n' });
  });

  test('lines that came too fast are told', async () => {
    const { printed } = start();
    await until(() => hub.clients === 1);
    for (let i = 0; i < 100; i++) push(...Array.from({ length: 100 }, () => ['web', 'x'] as const));
    await until(() => printed.err !== '');
    expect(printed.err).toMatch(
      /^log-capturer: \d+ lines not shown, they came too fast \(nothing is lost\)\n/,
    );
  });

  test('a closed pipe and Ctrl-C end it with 0', async () => {
    const { code, stdout } = start();
    await until(() => hub.clients === 1);
    stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await code).toBe(0);
    await until(() => hub.clients === 0);

    const interrupted = start();
    await until(() => hub.clients === 1);
    process.emit('SIGINT');
    expect(await interrupted.code).toBe(0);
    await until(() => hub.clients === 0);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test('does not read faster than it can print', async () => {
    let open: (() => void) | undefined;
    let taken = 0;
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length;
        open = done;
      },
    });
    const stderr = new PassThrough();
    const code = tail(options, { stdout, stderr, env: {} });
    await until(() => hub.clients === 1);
    push(['web', 'first']);
    await until(() => taken > 0);
    push(['web', 'second']);
    await pause(200);
    expect(taken).toBe('web | first\n'.length);
    open?.();
    await until(() => taken === 'web | first\nweb | second\n'.length);
    open?.();
    await root.close();
    expect(await code).toBe(0);
  });
});

describe('no agent', () => {
  let other: Server;

  afterEach(() => other?.close());

  test('nobody listens', async () => {
    const probe = createSocketServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    await expect(start({ url: `http://127.0.0.1:${port}` }).code).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: `No agent answers at http://127.0.0.1:${port}.`,
      remedy: expect.stringContaining('log-capturer run'),
    });
  });

  test.each(['nonsense', 'https://localhost', 'file:///etc/passwd'])(
    'an address that is none: %s',
    async (url) => {
      await expect(start({ url }).code).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
    },
  );

  test('it refuses', async () => {
    await expect(start({ lines: 'many' }).code).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: expect.stringContaining('n must be a whole number from 0 to 10000.'),
    });
  });

  test('it breaks off', async () => {
    other = createServer((_request, response) => {
      response.write('data: {"container":"c","line":"x"}\n\n');
      setTimeout(() => response.destroy(), 50);
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, printed } = start({ url: `http://127.0.0.1:${port}` });
    await expect(code).rejects.toMatchObject({ message: 'The connection to the agent broke off.' });
    expect(printed.out).toBe('c | x\n');
  });
});

describe('an agent with a login', () => {
  test('is asked with the token, and without it says what to do', async () => {
    const { url } = await serve({ auth: 'token', token: 'geheim' });
    const stdout = new PassThrough();
    const streams = { stdout, stderr: new PassThrough(), env: {} };
    const once = { ...options, url, follow: false };
    await expect(tail(once, streams)).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: `The agent at ${url} asks for its token.`,
      remedy: expect.stringContaining('--token'),
    });
    expect(await tail({ ...once, token: 'geheim' }, streams)).toBe(0);
  });
});
