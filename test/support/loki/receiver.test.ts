/** Each rule of the stand-in for Loki, told by its source and by trials with the real one. */
import { afterEach, describe, expect, it } from 'vitest';
import { post, pushJson, pushProto, type SentEntry } from './client.js';
import { type LokiOptions, type LokiReceiver, startLoki } from './receiver.js';

const NOW = Date.UTC(2026, 10, 22, 3, 0, 0);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MIB = 1024 * 1024;

const started: LokiReceiver[] = [];
afterEach(async () => {
  for (const loki of started.splice(0)) await loki.close();
});

/** With a clock that stands still unless it is moved. */
async function loki(options: LokiOptions = {}): Promise<LokiReceiver & { clock: { ms: number } }> {
  const clock = { ms: NOW };
  const receiver = await startLoki({ now: () => clock.ms, ...options });
  started.push(receiver);
  return Object.assign(receiver, { clock });
}

function at(ms: number, ...lines: string[]): SentEntry[] {
  return lines.map((line, i) => ({ ms: ms + i, line }));
}

function linesOf(receiver: LokiReceiver, app: string): string[] {
  return receiver.lines({ app });
}

describe('what is taken', () => {
  it('keeps protobuf in snappy and JSON, plain and gzip, to the byte and the nanosecond, and adds the service name', async () => {
    const receiver = await loki();
    const odd = Buffer.from([0xff, 0x00, 0x0a, 0x80]);
    expect(
      await pushProto(receiver.url, [
        { labels: '{app="a", x="1"}', entries: [{ ms: NOW, nanos: 7, line: odd }] },
      ]),
    ).toEqual({ status: 204, text: '' });
    for (const gzip of [false, true]) {
      const sent = { ms: NOW, nanos: 999_999, line: `j ${gzip}`, metadata: { id: '1' } };
      expect(await pushJson(receiver.url, { x: '2', app: 'b' }, [sent], gzip)).toMatchObject({ status: 204 });
    }
    const [a, b] = receiver.streams();
    expect(a.text).toBe('{app="a", service_name="a", x="1"}');
    expect(a.entries).toEqual([{ seconds: NOW / 1000, nanos: 7, line: odd, metadata: [] }]);
    expect(b.labels).toEqual({ app: 'b', service_name: 'b', x: '2' });
    expect(b.entries.map(({ line, nanos, metadata }) => [line.toString(), nanos, metadata])).toEqual([
      ['j false', 999_999, [['id', '1']]],
      ['j true', 999_999, [['id', '1']]],
    ]);
  });

  it('calls a stream without labels, and one without any known label, unknown_service', async () => {
    const receiver = await loki();
    for (const labels of ['{}', '{x="1"}']) {
      expect(await pushProto(receiver.url, [{ labels, entries: at(NOW, 'l') }])).toMatchObject({
        status: 204,
      });
    }
    expect(receiver.streams().map(({ text }) => text)).toEqual([
      '{service_name="unknown_service"}',
      '{service_name="unknown_service", x="1"}',
    ]);
  });

  it('drops an equal entry while it is the last one or in the head block, and stores it again later', async () => {
    const receiver = await loki();
    const push = async (ms: number, line: string) =>
      pushProto(receiver.url, [{ labels: '{app="d"}', entries: at(ms, line) }]);
    await push(NOW, 'same');
    await push(NOW, 'same');
    await push(NOW + 1, 'other');
    await push(NOW, 'same');
    expect(receiver.ledger).toMatchObject({ taken: 4, repeated: 2, hidden: 2 });
    await push(NOW + 2, 'x'.repeat(200 * 1024));
    await push(NOW + 3, 'x'.repeat(200 * 1024));
    await push(NOW, 'same');
    expect(receiver.ledger).toMatchObject({ taken: 7, repeated: 3, hidden: 2 });
    expect(linesOf(receiver, 'd').map((line) => line.slice(0, 5))).toEqual([
      'same',
      'other',
      'xxxxx',
      'xxxxx',
    ]);
  });
});

describe('what is refused of a request', () => {
  it('says N errors like for each kind, names no entry, and stores the good ones', async () => {
    const receiver = await loki();
    const entries = [
      ...at(NOW - 8 * DAY, 'old'),
      ...at(NOW - 8 * DAY, 'old'),
      ...at(NOW + 11 * MINUTE, 'new'),
      ...at(NOW, 'good', 'l'.repeat(256 * 1024 + 1)),
    ];
    const answer = await pushProto(receiver.url, [{ labels: '{app="v"}', entries }]);
    const name = '{app="v", service_name="v"}';
    expect(answer).toEqual({
      status: 400,
      text: `${[
        `2 errors like: entry for stream '${name}' has timestamp too old: 2026-11-14T03:00:00Z, oldest acceptable timestamp is: 2026-11-15T03:00:00Z`,
        `1 errors like: entry for stream '${name}' has timestamp too new: 2026-11-22T03:11:00Z`,
        `1 errors like: max entry size '262144' bytes exceeded for stream '${name}' while adding an entry with length '262145' bytes`,
      ].join('; ')}\n`,
    });
    expect(linesOf(receiver, 'v')).toEqual(['good']);
  });

  it('takes what is exactly within the limits', async () => {
    const receiver = await loki();
    const entries = [
      ...at(NOW - 7 * DAY, 'old'),
      ...at(NOW + 10 * MINUTE, 'new'),
      ...at(NOW + 10 * MINUTE - 1, 'x'.repeat(262_144)),
    ];
    expect(await pushProto(receiver.url, [{ labels: '{app="v"}', entries }])).toMatchObject({ status: 204 });
    expect(linesOf(receiver, 'v')).toHaveLength(3);
  });

  it('shows a single error as it is', async () => {
    const receiver = await loki();
    const names = Array.from({ length: 16 }, (_, i) => `l${String(i).padStart(2, '0')}="v"`).join(', ');
    const answer = await pushProto(receiver.url, [{ labels: `{${names}}`, entries: at(NOW, 'a') }]);
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(
      `entry for stream '{${names}, service_name="unknown_service"}' has 16 label names; limit 15\n`,
    );
    const fifteen = names.slice(0, names.lastIndexOf(','));
    const labels = `{${fifteen}, service_name="s"}`;
    expect(await pushProto(receiver.url, [{ labels, entries: at(NOW, 'a') }])).toMatchObject({ status: 204 });
  });

  it('refuses long and double labels of a stream, and takes the other streams', async () => {
    const receiver = await loki();
    const long = 'v'.repeat(2_049);
    const name = 'n'.repeat(1_025);
    for (const [labels, why] of [
      [`{app="a", z="${long}"}`, `has label value too long: '${long}'`],
      [`{app="a", ${name}="z"}`, `has label name too long: '${name}'`],
      ['{app="a", b="1", b="2"}', "has duplicate label name: 'b'"],
    ]) {
      const answer = await pushProto(receiver.url, [
        { labels, entries: at(NOW, 'bad') },
        { labels: '{app="good"}', entries: at(NOW, why.slice(0, 20)) },
      ]);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain(why);
    }
    expect(linesOf(receiver, 'a')).toEqual([]);
    expect(linesOf(receiver, 'good')).toHaveLength(3);
  });

  it('refuses the whole request for one label set that cannot be parsed', async () => {
    const receiver = await loki();
    for (const labels of [
      '{a=}',
      '{a="b"',
      'a="b"}',
      '{"a"="b"}',
      '{a="\\x"}',
      '{a="b" c="d"}',
      '{a-b="c"}',
    ]) {
      const answer = await pushProto(receiver.url, [
        { labels: '{app="good"}', entries: at(NOW, 'good') },
        { labels, entries: at(NOW, 'bad') },
      ]);
      expect(answer.status, labels).toBe(400);
      expect(answer.text, labels).toMatch(/^couldn't parse labels: 1:\d+: parse error: /);
    }
    expect(receiver.ledger.taken).toBe(0);
  });

  it('answers 422 to nothing and 400 to what is no request', async () => {
    const receiver = await loki();
    expect(await pushProto(receiver.url, [])).toEqual({
      status: 422,
      text: 'error at least one valid stream is required for ingestion\n',
    });
    const proto = { 'content-type': 'application/x-protobuf' };
    expect(await post(receiver.url, Buffer.from('\u0005abc'), proto)).toMatchObject({ status: 400 });
    expect(await post(receiver.url, Buffer.from('{'), { 'content-type': 'application/json' })).toMatchObject({
      status: 400,
    });
    expect(await post(receiver.url, Buffer.alloc(0), { ...proto, 'content-encoding': 'br' })).toEqual({
      status: 400,
      text: 'Content-Encoding "br" not supported\n',
    });
  });
});

describe('too far behind', () => {
  const name = '{app="t", service_name="t"}';

  it('lists ten at most and counts the rest, for more than an hour behind the newest of the stream', async () => {
    const receiver = await loki();
    await pushProto(receiver.url, [{ labels: '{app="t"}', entries: at(NOW, 'newest') }]);
    const behind = Array.from({ length: 12 }, (_, i) => ({
      ms: NOW - 61 * MINUTE,
      nanos: i * 10,
      line: `b${i}`,
    }));
    const entries = [...behind, ...at(NOW - 60 * MINUTE, 'just in time')];
    const answer = await pushProto(receiver.url, [{ labels: '{app="t"}', entries }]);
    expect(answer.status).toBe(400);
    const lines = answer.text.split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[1]).toBe(
      "entry with timestamp 2026-11-22 01:59:00.00000001 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-22T01:59:00Z, oldest acceptable timestamp is: 2026-11-22T02:00:00Z',",
    );
    expect(lines[10]).toBe(`user 'fake', total ignored: 12 out of 13 for stream: ${name}`);
    expect(linesOf(receiver, 't')).toEqual(['newest', 'just in time']);
  });

  it('is measured against the newest within the same request too', async () => {
    const receiver = await loki();
    const answer = await pushProto(receiver.url, [
      { labels: '{app="t"}', entries: [...at(NOW, 'newest'), ...at(NOW - 2 * 60 * MINUTE, 'behind')] },
    ]);
    expect(answer.text).toContain('total ignored: 1 out of 2');
    expect(linesOf(receiver, 't')).toEqual(['newest']);
  });

  it('is told only for the last stream: 204 though the one before lost everything', async () => {
    const receiver = await loki();
    await pushProto(receiver.url, [{ labels: '{app="t"}', entries: at(NOW, 'newest') }]);
    const behind = { labels: '{app="t"}', entries: at(NOW - 2 * 60 * MINUTE, 'lost') };
    const good = { labels: '{app="good"}', entries: at(NOW, 'good') };
    expect(await pushProto(receiver.url, [behind, good])).toEqual({ status: 204, text: '' });
    expect(linesOf(receiver, 't')).toEqual(['newest']);
    expect(await pushProto(receiver.url, [good, behind])).toMatchObject({ status: 400 });
    expect(await pushProto(receiver.url, [behind])).toMatchObject({ status: 400 });
  });

  it('hides an error of validation in the same request', async () => {
    const receiver = await loki();
    await pushProto(receiver.url, [{ labels: '{app="t"}', entries: at(NOW, 'newest') }]);
    const entries = [...at(NOW - 2 * 60 * MINUTE, 'behind'), ...at(NOW - 8 * DAY, 'old')];
    const answer = await pushProto(receiver.url, [{ labels: '{app="t"}', entries }]);
    expect(answer.text).toContain('too far behind');
    expect(answer.text).not.toContain('too old');
    // Entries that validation refused never came to the ingester.
    expect(answer.text).toContain('total ignored: 1 out of 1');
  });
});

describe('rates and sizes', () => {
  const big = (bytes: number, ms = NOW): SentEntry[] =>
    Array.from({ length: Math.ceil(bytes / 200_000) }, (_, i) => ({
      ms: ms + i,
      line: 'x'.repeat(Math.min(200_000, bytes - i * 200_000)),
    }));

  it('refuses all of a request over the tenant rate of 4 MiB a second and 6 in a burst, without Retry-After', async () => {
    const receiver = await loki();
    const push = async (app: string, bytes: number) =>
      pushProto(receiver.url, [{ labels: `{app="${app}"}`, entries: big(bytes) }]);
    expect(await push('one', 3 * MIB)).toMatchObject({ status: 204 });
    expect(await push('two', 3 * MIB)).toMatchObject({ status: 204 });
    const response = await push('three', 1 * MIB);
    expect(response).toEqual({
      status: 429,
      text: "ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '6' lines totaling '1048576' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased\n",
    });
    expect(linesOf(receiver, 'three')).toEqual([]);
    receiver.clock.ms += 250;
    expect(await push('three', 1 * MIB)).toMatchObject({ status: 204 });
    expect(await push('three', 1)).toMatchObject({ status: 429 });
  });

  it('never takes more than the burst at once', async () => {
    const receiver = await loki();
    for (let i = 0; i < 3; i++) {
      expect(await pushProto(receiver.url, [{ labels: '{app="a"}', entries: big(7 * MIB) }])).toMatchObject({
        status: 429,
      });
      receiver.clock.ms += 10_000;
    }
  });

  it('refuses a message above 4 MiB with 500 every time, though fewer bytes were sent', async () => {
    const receiver = await loki();
    expect(await pushProto(receiver.url, [{ labels: '{app="a"}', entries: big(5 * MIB) }])).toMatchObject({
      status: 500,
      text: expect.stringMatching(
        /^rpc error: code = ResourceExhausted desc = grpc: received message larger than max \(52\d+ vs. 4194304\)\n$/,
      ) as string,
    });
    receiver.clock.ms += 10_000;
    // Short lines: what Loki adds to each makes the message half as large again.
    const short = Array.from({ length: 90_000 }, (_, i) => ({
      ms: NOW + Math.floor(i / 100),
      nanos: i % 100,
      line: 'twenty bytes of text',
    }));
    const answer = await pushProto(receiver.url, [{ labels: '{app="a"}', entries: short }]);
    expect(answer.status).toBe(500);
    expect(receiver.requests.at(-1)?.rawBytes).toBeLessThan(4 * MIB);
    expect(receiver.ledger.taken).toBe(0);
  });

  it('refuses a whole stream over its own rate, tells it for the last one only, and takes it later', async () => {
    const receiver = await loki({
      limits: { ingestionRate: Infinity, shardRate: Infinity, streamRate: 1000, streamBurst: 1000 },
    });
    const hot = { labels: '{app="hot"}', entries: at(NOW, 'h'.repeat(600), 'h'.repeat(500)) };
    const good = { labels: '{app="good"}', entries: at(NOW, 'g') };
    const answer = await pushProto(receiver.url, [hot]);
    expect(answer.status).toBe(429);
    expect(answer.text.split('\n')[0]).toBe(
      'entry with timestamp 2026-11-22 03:00:00 +0000 UTC ignored, reason: \'Per stream rate limit exceeded (limit: 1000B/sec) while attempting to ingest for stream \'{app="hot", service_name="hot"}\' totaling 600B, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased\',',
    );
    expect(answer.text).toContain("user 'fake', total ignored: 2 out of 2 for stream: ");
    expect(await pushProto(receiver.url, [hot, good])).toMatchObject({ status: 204 });
    expect(linesOf(receiver, 'hot')).toEqual([]);
    expect(await pushProto(receiver.url, [{ ...hot, entries: hot.entries.slice(0, 1) }])).toMatchObject({
      status: 204,
    });
  });

  it('without shards refuses entry by entry over the rate of a stream', async () => {
    const receiver = await loki({ limits: { shardStreams: false, streamRate: 1000, streamBurst: 1000 } });
    const entries = at(NOW, 'a'.repeat(600), 'b'.repeat(600), 'c'.repeat(400));
    const answer = await pushProto(receiver.url, [{ labels: '{app="hot"}', entries }]);
    expect(answer.status).toBe(429);
    expect(answer.text).toContain('total ignored: 1 out of 3');
    expect(linesOf(receiver, 'hot').map((line) => line[0])).toEqual(['a', 'c']);
  });

  it('divides a hot stream after a second, so that its shards take more than the rate of one', async () => {
    const receiver = await loki({ limits: { ingestionRate: Infinity } });
    for (let second = 0; second < 20; second++) {
      const own = { labels: '{app="hot"}', entries: big(3.9 * MIB, NOW + second * 1000) };
      const answer = await pushProto(receiver.url, [own]);
      expect(answer.status, `second ${second}: ${answer.text}`).toBe(204);
      receiver.clock.ms += 1000;
    }
    const [{ entries }] = receiver.streams({ app: 'hot' });
    const times = entries.map(({ seconds, nanos }) => seconds * 1000 + nanos / 1e6);
    expect(times, 'in the order of their coming').toEqual([...times].sort((a, b) => a - b));
    expect(receiver.streams({ app: 'hot' }).map(({ text }) => text)).toEqual([
      '{app="hot", service_name="hot"}',
    ]);
  });

  it('refuses streams beyond the most that a tenant may have', async () => {
    const receiver = await loki({ limits: { maxStreams: 2 }, multiTenant: true });
    const streams = ['1', '2', '3'].map((app) => ({ labels: `{app="${app}"}`, entries: at(NOW, app) }));
    const tenant = { 'x-scope-orgid': 'team-a' };
    const answer = await pushProto(receiver.url, streams, tenant);
    expect(answer).toEqual({
      status: 429,
      text: 'maximum active stream limit exceeded when trying to create stream {app="3", service_name="3"}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: \'team-a\'\n',
    });
    expect(receiver.lines()).toEqual(['1', '2']);
    expect(await pushProto(receiver.url, streams.slice(2), { 'x-scope-orgid': 'team-b' })).toMatchObject({
      status: 204,
    });
  });
});

describe('the server', () => {
  it('asks for a tenant where there are several', async () => {
    const receiver = await loki({ multiTenant: true });
    const stream = [{ labels: '{app="a"}', entries: at(NOW, 'a') }];
    expect(await pushProto(receiver.url, stream)).toEqual({ status: 401, text: 'no org id\n' });
    for (const [tenant, why] of [
      ['a|b', 'multiple org IDs present'],
      ['a b', "tenant ID 'a b' contains unsupported character ' '"],
      ['..', "tenant ID is '.' or '..'"],
    ]) {
      expect(await pushProto(receiver.url, stream, { 'x-scope-orgid': tenant })).toEqual({
        status: 400,
        text: `${why}\n`,
      });
    }
    expect(await pushProto(receiver.url, stream, { 'x-scope-orgid': 'a' })).toMatchObject({ status: 204 });
    expect(receiver.streams().map(({ tenant, text }) => [tenant, text])).toEqual([
      ['a', '{app="a", service_name="a"}'],
    ]);
  });

  it('is ready, and knows no other path and method', async () => {
    const receiver = await loki();
    const get = async (path: string) => {
      const answer = await fetch(`${receiver.url}${path}`);
      return [answer.status, await answer.text()];
    };
    expect(await get('/ready')).toEqual([200, 'ready\n']);
    expect(await get('/api/v1/push')).toEqual([404, '404 page not found\n']);
    expect(await get('/loki/api/v1/push')).toEqual([405, '']);
  });

  it('dies and comes back at the same port, with what it had', async () => {
    const receiver = await loki();
    const push = async (line: string) =>
      pushProto(receiver.url, [{ labels: '{app="a"}', entries: at(NOW, line) }]);
    await push('one');
    await receiver.die();
    await expect(push('lost')).rejects.toThrow();
    await receiver.revive();
    await push('two');
    expect(linesOf(receiver, 'a')).toEqual(['one', 'two']);
  });

  it('hangs, fails, and answers wrongly, on demand', async () => {
    const receiver = await loki();
    const push = async (line: string) =>
      pushProto(receiver.url, [{ labels: '{app="a"}', entries: at(NOW, line) }]);
    receiver.hang();
    const waiting = [push('h1'), push('h2')];
    await receiver.until(
      () => receiver.requests.every(({ bytes }) => bytes > 0) && receiver.maxInFlight === 2,
      5_000,
    );
    expect(receiver.lines()).toEqual([]);
    receiver.resume();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([204, 204]);
    receiver.fail(1, 503, 'no', { 'retry-after': '7' });
    expect(await push('refused')).toEqual({ status: 503, text: 'no' });
    receiver.failAfterStoring(1);
    expect(await push('stored')).toMatchObject({ status: 500 });
    receiver.cutAfterStoring(1);
    await expect(push('cut')).rejects.toThrow();
    expect(receiver.lines().sort()).toEqual(['cut', 'h1', 'h2', 'stored']);
    receiver.delay(50);
    const before = performance.now();
    await push('late');
    expect(performance.now() - before).toBeGreaterThan(45);
    expect(receiver.requests.map(({ status }) => status)).toEqual([204, 204, 503, 500, undefined, 204]);
  });
});
