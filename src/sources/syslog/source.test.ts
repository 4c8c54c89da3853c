/** What becomes of a message, and of the source. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Line, syslogKit, until } from './testing/syslog-kit.js';

const kit = syslogKit();

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
    await kit.run();
    expect(await kit.overTcp(message)).toEqual([expect.objectContaining(line)]);
  });

  test('by UDP is a datagram', async () => {
    await kit.run();
    await kit.datagrams('<13>a: 1\n2\n');
    await until(() => kit.lines.length > 0);
    expect(kit.lines).toEqual([
      expect.objectContaining({
        text: '1\n2',
        labels: { container: 'a', app_name: 'a', host: '127.0.0.1', env: 'a' },
      }),
    ]);
  });

  test('may have the time when it came, though it tells one', async () => {
    await kit.run({ useMessageTime: false });
    expect(await kit.overTcp('<13>1 2026-11-22T09:59:59Z h a - - - x\n')).toMatchObject([
      { time: '2026-11-22T10:00:00.000000001Z' },
    ]);
  });
});

test('times of a stream: what is the same or a second behind comes a nanosecond after, and no other stream is moved', async () => {
  await kit.run();
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
  const got = await kit.overTcp(sent.join(''));
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

describe('a port that is taken', () => {
  test('is said, and tried again until it is free', async () => {
    const other = createServer().listen(kit.tcpPort, '127.0.0.1');
    await once(other, 'listening');
    await kit.run({ udpPort: 0 });
    expect(kit.health.components().get('net')).toMatchObject({
      state: 'degraded',
      reason: `PORT_TAKEN: Port ${kit.tcpPort} on 127.0.0.1 is taken by another program. Stop that one, or choose another port with tcp_port of sources.net.`,
    });
    other.close();
    await until(() => kit.health.components().get('net')?.state === 'healthy');
    expect(await kit.overTcp('<13>a: x\n')).toMatchObject([{ text: 'x' }]);
  });

  test('by UDP too, while TCP goes on', async () => {
    const other = createSocket('udp4');
    other.bind(kit.udpPort, '127.0.0.1');
    await once(other, 'listening');
    await kit.run();
    await until(() => kit.health.components().get('net')?.state === 'degraded');
    expect(await kit.overTcp('<13>a: x\n')).toMatchObject([{ text: 'x' }]);
    other.close();
    await until(() => kit.health.components().get('net')?.state === 'healthy');
  });
});

test('closing takes what has come, and nothing stays', async () => {
  await kit.run();
  const socket = await kit.open();
  socket.write('<13>a: 1\n<13>a: half');
  await until(() => kit.lines.length === 1);
  await kit.root.close();
  await until(() => kit.lines.length === 2);
  expect(kit.texts).toEqual(['1', 'half']);
  expect(kit.streams.size).toBe(0);
  expect(kit.root.census().size).toBe(0);
});
