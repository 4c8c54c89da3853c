/** Real sockets on loopback: what senders send, what becomes of it, and what happens where it is too much. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SyslogSourceConfig } from '../../config/types.js';
import type { Batch } from '../../pipeline/batch.js';
import type { Pipeline } from '../../pipeline/contract.js';
import type { SourceGap } from '../../pipeline/gaps.js';
import { type LineTime, timeText } from '../../pipeline/line-time.js';
import { type Labels, StreamTable } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import { Scope } from '../../runtime/scope.js';
import { Health } from '../../telemetry/health.js';
import { makeCertificates, whyNoCertificates } from '../docker/testing/certificates.js';
import { SyslogSource } from './source.js';

const NOW = '2026-11-22T10:00:00.000Z';
const NOW_MS = Date.parse(NOW);

interface Line {
  readonly time: string;
  readonly labels: Labels;
  readonly text: string;
  readonly fields: Record<string, string>;
}

let root: Scope;
let streams: StreamTable;
let lines: Line[];
let gaps: [SourceGap, Labels][];
let health: Health;
let tcpPort: number;
let udpPort: number;
let nowMs: number;
let wait: Promise<void> | undefined;
let ends: (() => void)[];

beforeEach(async () => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  streams = new StreamTable();
  lines = [];
  gaps = [];
  health = new Health();
  [tcpPort, udpPort] = [await freePort(), await freePort()];
  nowMs = NOW_MS;
  wait = undefined;
  ends = [];
});

afterEach(async () => {
  for (const end of ends) end();
  await root.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function run(config: Partial<SyslogSourceConfig> = {}): Promise<void> {
  const source = new SyslogSource(
    {
      type: 'syslog',
      host: '127.0.0.1',
      tcpPort,
      udpPort,
      maxConnections: 10,
      maxLineBytes: 2048,
      useMessageTime: true,
      ...config,
    },
    { name: 'net', log: silentLogger, health, labels: { env: 'a' }, nowMs: () => nowMs },
  );
  const pipeline: Pipeline = {
    streams,
    isFirstStart: true,
    position: () => undefined,
    positionKeys: () => [],
    setPosition: () => {},
    gap: (gap, labels) => void gaps.push([gap, labels]),
    push: (batch) => {
      lines.push(...linesOf(batch));
      return wait;
    },
  };
  void root.run('source', () => source.run(root, pipeline));
  await until(() => health.components().get('net') !== undefined);
}

function linesOf(batch: Batch): Line[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    time: timeText(batch.seconds[row], batch.nanos[row]),
    labels: streams.get(batch.stream[row])?.labels ?? {},
    text: batch.arena.toString('utf8', batch.start[row], batch.end[row]),
    fields: Object.fromEntries(batch.metadata?.pairs(row) ?? []),
  }));
}

async function open(): Promise<Socket> {
  const socket = connect(tcpPort, '127.0.0.1');
  ends.push(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** What came of `text` over a connection of its own, once it is closed. */
async function overTcp(text: string | Buffer): Promise<Line[]> {
  const before = lines.length;
  const socket = await open();
  socket.end(text);
  await until(() => lines.length > before);
  return lines.slice(before);
}

function datagrams(...texts: string[]): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    let left = texts.length;
    for (const text of texts)
      socket.send(text, udpPort, '127.0.0.1', () => {
        if (--left === 0) socket.close(resolve);
      });
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

const texts = (): string[] => lines.map(({ text }) => text);

describe('a message', () => {
  const TABLE: [what: string, message: string, line: Partial<Line>][] = [
    [
      'of RFC 5424',
      '<165>1 2026-11-22T09:59:59.000003-00:00 web su 42 ID47 [a@1 x="1\\"2"][b.c y="3" y="4"] hello\n',
      {
        text: 'hello',
        time: '2026-11-22T09:59:59.000003000Z',
        labels: { container: 'su', app_name: 'su', host: 'web', env: 'a' },
        fields: {
          level: 'info',
          facility: 'local4',
          severity: 'notice',
          proc_id: '42',
          msg_id: 'ID47',
          a_1_x: '1"2',
          b_c_y: '3',
        },
      },
    ],
    [
      'of RFC 3164: when it came',
      '<11>Nov 22 03:00:00 web su[7]: hello\n',
      {
        text: 'hello',
        time: '2026-11-22T10:00:00.000000001Z',
        labels: { container: 'su', app_name: 'su', host: 'web', env: 'a' },
        fields: { level: 'error', facility: 'user', severity: 'err', proc_id: '7' },
      },
    ],
    [
      'without a host: where it came from',
      '<0>su: hello\n',
      {
        labels: { container: 'su', app_name: 'su', host: '127.0.0.1', env: 'a' },
        fields: { level: 'critical', facility: 'kern', severity: 'emerg' },
      },
    ],
    [
      'without a program',
      '<13>Nov 22 03:00:00 web hello\n',
      { text: 'hello', labels: { container: 'web', host: 'web', env: 'a' } },
    ],
    [
      'that is none',
      'hello there\n',
      { text: 'hello there', labels: { container: '127.0.0.1', host: '127.0.0.1', env: 'a' }, fields: {} },
    ],
    ['counted, with newlines', '14 <13>a: b\nc\n\r\n\0', { text: 'b\nc' }],
    [
      'of a clock that is fast: when it came',
      '<13>1 2026-11-22T10:01:01Z h a - - - x\n',
      { time: '2026-11-22T10:00:00.000000001Z' },
    ],
    [
      'of a clock that is a little fast',
      '<13>1 2026-11-22T10:00:59Z h a - - - x\n',
      { time: '2026-11-22T10:00:59.000000000Z' },
    ],
    [
      'of a clock that is slow',
      '<13>1 2020-01-01T00:00:00Z h a - - - x\n',
      { time: '2020-01-01T00:00:00.000000000Z' },
    ],
    [
      'that is long',
      `<13>a: ${'x'.repeat(3000)}\n`,
      { text: `${'x'.repeat(2041 - 48)} [cut: 1007 bytes more]` },
    ],
    [
      'that is long, all of it header',
      `3000 <13>1 - h ${'a'.repeat(2980)} - - - x`,
      { text: expect.stringContaining('[cut: ') },
    ],
    [
      'whose names are not UTF-8',
      Buffer.from('<13>Nov 22 03:00:00 h\xff a\xfe: x\xfd\n', 'latin1').toString('latin1'),
      { labels: { container: 'aþ', app_name: 'aþ', host: 'hÿ', env: 'a' } },
    ],
  ];

  test.each(TABLE)('%s', async (_, message, line) => {
    await run();
    expect(await overTcp(message)).toEqual([expect.objectContaining(line)]);
  });

  test('by UDP is a datagram', async () => {
    await run();
    await datagrams('<13>a: 1\n2\n');
    await until(() => lines.length > 0);
    expect(lines).toEqual([
      expect.objectContaining({
        text: '1\n2',
        labels: { container: 'a', app_name: 'a', host: '127.0.0.1', env: 'a' },
      }),
    ]);
  });

  test('may have the time when it came, though it tells one', async () => {
    await run({ useMessageTime: false });
    expect(await overTcp('<13>1 2026-11-22T09:59:59Z h a - - - x\n')).toMatchObject([
      { time: '2026-11-22T10:00:00.000000001Z' },
    ]);
  });
});

test('times of a stream: what is the same or a second behind comes a nanosecond after, and no other stream is moved', async () => {
  await run();
  const at = (time: string, app: string): string => `<13>1 2026-11-22T09:${time}Z h ${app} - - - x\n`;
  const sent = [
    at('00:05', 'a'),
    at('00:05', 'a'),
    at('00:04.5', 'a'),
    at('00:04.5', 'b'),
    at('00:04.1', 'a'),
    at('00:03.9', 'a'),
    at('00:03.9', 'a'),
    at('00:03.95', 'a'),
  ];
  const got = await overTcp(sent.join(''));
  const timesOf = (app: string): string[] =>
    got.filter(({ labels }) => labels['app_name'] === app).map(({ time }) => time.slice(17, 29));
  expect(timesOf('a')).toEqual([
    '05.000000000',
    '05.000000001',
    '05.000000002',
    '05.000000003',
    '03.900000000',
    '03.900000001',
    '03.950000000',
  ]);
  expect(timesOf('b')).toEqual(['04.500000000']);
});

describe('connections', () => {
  test('several at once, each with its own half of a message', async () => {
    await run();
    const [a, b] = [await open(), await open()];
    a.write('<13>a: on');
    b.write('7 <13>');
    await new Promise((resolve) => a.write('', resolve));
    for (const [socket, text] of [
      [a, 'e\n<13>a: two\n'],
      [b, 'b:!'],
    ] as const)
      socket.write(text);
    await until(() => lines.length === 3);
    expect(texts().toSorted()).toEqual(['b:!', 'one', 'two']);
  });

  test('what stands behind the last newline comes when it ends, also with a crash', async () => {
    await run();
    expect((await overTcp('<13>a: 1\n<13>a: 2')).length).toBeGreaterThan(0);
    await until(() => lines.length === 2);
    const socket = await open();
    socket.write('<13>a: 3');
    await new Promise((resolve) => socket.write('', resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    socket.resetAndDestroy();
    await until(() => lines.length === 3);
    expect(texts()).toEqual(['1', '2', '3']);
  });

  test('no more than there may be', async () => {
    await run({ maxConnections: 1 });
    const first = await open();
    const second = await open();
    await once(second, 'close');
    first.write('<13>a: 1\n');
    await until(() => lines.length === 1);
  });

  test('a quiet one is closed where that is wanted', async () => {
    await run({ idleTimeoutMs: 20 });
    const socket = await open();
    socket.resume();
    await once(socket, 'close');
  });

  test('one that is not read because the journal is behind is not quiet', async () => {
    let letGo: () => void = () => {};
    wait = new Promise((resolve) => {
      letGo = resolve;
    });
    await run({ idleTimeoutMs: 20 });
    const socket = await open();
    socket.resume();
    socket.write('<13>a: 1\n');
    await until(() => lines.length === 1);
    socket.write('<13>a: 2\n');
    // Nothing tells of a time that passes without consequence.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.destroyed).toBe(false);
    wait = undefined;
    letGo();
    await until(() => lines.length === 2);
    await once(socket, 'close');
    expect(texts()).toEqual(['1', '2']);
  });

  test('one is not read while the journal is behind', async () => {
    let letGo: () => void = () => {};
    wait = new Promise((resolve) => {
      letGo = resolve;
    });
    await run();
    const socket = await open();
    socket.write('<13>a: 1\n');
    await until(() => lines.length === 1);
    let isTaken = false;
    const much = Buffer.from(`<13>a: ${'x'.repeat(993)}\n`.repeat(20_000));
    socket.write(much, () => {
      isTaken = true;
    });
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    expect([isTaken, lines.length]).toEqual([false, 1]);
    wait = undefined;
    letGo();
    await until(() => lines.length === 20_001);
    expect(new Set(texts().slice(1))).toEqual(new Set(['x'.repeat(993)]));
  });
});

describe('datagrams', () => {
  test('while the journal is behind so many are kept; the others are a gap with their number', async () => {
    let letGo: () => void = () => {};
    await run({ maxLineBytes: 1024 ** 2 });
    wait = new Promise((resolve) => {
      letGo = resolve;
    });
    await datagrams('<13>a: first');
    await until(() => lines.length === 1);
    const large = `<13>a: ${'x'.repeat(60_000)}`;
    // More than may wait, slowly enough for the kernel's buffer.
    for (let i = 0; i < 200; i++) {
      await datagrams(large);
      for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    }
    nowMs += 1000;
    wait = undefined;
    letGo();
    // What was sent before it has been taken or dropped when this one is there.
    await datagrams('<13>a: last');
    await until(() => texts().includes('last'));
    await root.close();
    const dropped = gaps.reduce((sum, [{ lines: count = 0 }]) => sum + count, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(lines.length + dropped).toBe(202);
    const at = (ms: number): LineTime => ({ seconds: ms / 1000, nanos: 0 });
    expect(gaps[0]).toEqual([
      { why: 'overflow', from: at(NOW_MS), to: at(NOW_MS + 1000), lines: expect.any(Number) },
      { env: 'a', container: 'net' },
    ]);
  });

  test.skipIf(process.platform !== 'linux')('what the kernel dropped is a gap with its number', async () => {
    await run({ maxLineBytes: 1024 ** 2 });
    // Sent in one go: nobody reads meanwhile, and no buffer is that large.
    await datagrams(...Array.from({ length: 400 }, () => `<13>a: ${'x'.repeat(60_000)}`));
    // Until the buffer is empty again: each turn takes 32.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    await datagrams('<13>a: last');
    await until(() => texts().includes('last'));
    await root.close();
    const dropped = gaps.reduce((sum, [{ lines: count = 0 }]) => sum + count, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(lines.length + dropped).toBe(401);
  });

  test('an empty one is nothing', async () => {
    await run();
    await datagrams('', '<13>a: x');
    await until(() => lines.length > 0);
    expect(texts()).toEqual(['x']);
  });
});

describe('a port that is taken', () => {
  test('is said, and tried again until it is free', async () => {
    const other = createServer().listen(tcpPort, '127.0.0.1');
    await once(other, 'listening');
    await run({ udpPort: 0 });
    expect(health.components().get('net')).toMatchObject({
      state: 'degraded',
      reason: `PORT_TAKEN: Port ${tcpPort} on 127.0.0.1 is taken by another program. Stop that one, or choose another port with tcp_port of sources.net.`,
    });
    other.close();
    await until(() => health.components().get('net')?.state === 'healthy');
    expect(await overTcp('<13>a: x\n')).toMatchObject([{ text: 'x' }]);
  });

  test('by UDP too, while TCP goes on', async () => {
    const other = createSocket('udp4');
    other.bind(udpPort, '127.0.0.1');
    await once(other, 'listening');
    await run();
    await until(() => health.components().get('net')?.state === 'degraded');
    expect(await overTcp('<13>a: x\n')).toMatchObject([{ text: 'x' }]);
    other.close();
    await until(() => health.components().get('net')?.state === 'healthy');
  });

  test('a certificate that cannot be read', async () => {
    await run({ udpPort: 0, tls: { certFile: '/does/not/exist', keyFile: '/neither' } });
    expect(health.components().get('net')).toMatchObject({
      state: 'degraded',
      reason: expect.stringMatching(/^SECRET_UNREADABLE: .*PEM/),
    });
  });
});

describe.skipIf(whyNoCertificates)('over TLS', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-syslog-'));
    makeCertificates(folder);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string): string => path.join(folder, name);

  /** Sends a line over TLS; `own` is whose certificate it shows. Answers whether it was let in. */
  async function send(text: string, own?: string, onName?: (name: string) => void): Promise<boolean> {
    const socket = connectTls({
      port: tcpPort,
      host: '127.0.0.1',
      ca: readFileSync(file('ca.pem')),
      ...(own !== undefined && {
        cert: readFileSync(file(`${own}-cert.pem`)),
        key: readFileSync(file(`${own}-key.pem`)),
      }),
    });
    ends.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.once('secureConnect', () => onName?.(String(socket.getPeerCertificate().subject.CN)));
    const before = lines.length;
    let isClosed = false;
    socket.once('close', () => {
      isClosed = true;
    });
    socket.resume();
    socket.write(text);
    await until(() => isClosed || lines.length > before);
    return lines.length > before;
  }

  test('messages come as over TCP, and who does not speak it is sent away', async () => {
    await run({ udpPort: 0, tls: { certFile: file('server-cert.pem'), keyFile: file('server-key.pem') } });
    expect(await send('<13>a: x\n')).toBe(true);
    const plain = await open();
    plain.write('<13>a: plain\n');
    await once(plain, 'close');
    expect(texts()).toEqual(['x']);
  });

  test('only of senders with a certificate, where that is wanted', async () => {
    const tls = {
      certFile: file('server-cert.pem'),
      keyFile: file('server-key.pem'),
      clientCaFile: file('ca.pem'),
    };
    await run({ udpPort: 0, tls });
    expect(await send('<13>a: nobody\n')).toBe(false);
    expect(await send('<13>a: x\n', 'client')).toBe(true);
    expect(texts()).toEqual(['x']);
  });

  test('a renewed certificate is shown to whoever connects next, and senders are asked as before', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const tls = {
      certFile: file('server-cert.pem'),
      keyFile: file('server-key.pem'),
      clientCaFile: file('ca.pem'),
    };
    await run({ udpPort: 0, tls });
    const before = await open();
    for (const part of ['cert', 'key']) copyFileSync(file(`client-${part}.pem`), file(`server-${part}.pem`));
    utimesSync(file('server-cert.pem'), 2e9, 2e9);
    const shown: string[] = [];
    const remember = (name: string): void => void shown.push(name);
    await send('<13>a: old\n', 'client', remember);
    vi.advanceTimersByTime(60_000);
    await send('<13>a: new\n', 'client', remember);
    expect(await send('<13>a: nobody\n')).toBe(false);
    expect(shown).toEqual(['server', 'client']);
    expect(texts()).toEqual(['old', 'new']);
    expect(before.closed).toBe(false);
  });
});

test('closing takes what has come, and nothing stays', async () => {
  await run();
  const socket = await open();
  socket.write('<13>a: 1\n<13>a: half');
  await until(() => lines.length === 1);
  await root.close();
  await until(() => lines.length === 2);
  expect(texts()).toEqual(['1', 'half']);
  expect(streams.size).toBe(0);
  expect(root.census().size).toBe(0);
});
