import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelText } from '../../pipeline/streams.js';
import { type Answer, countRefused, judge } from './answer.js';

const WHERE = 'http://loki:3100/loki/api/v1/push';
const STREAM = '{container="web", service_name="web"}';
const OLD = `entry for stream '${STREAM}' has timestamp too old: 2026-11-01T00:00:00Z, oldest acceptable timestamp is: 2026-11-15T00:00:00Z`;
const NEW = `entry for stream '${STREAM}' has timestamp too new: 2026-12-01T00:00:00Z`;
const LONG = `Max entry size '262144' bytes exceeded for stream '${STREAM}' while adding an entry with length '300000' bytes`;
const BEHIND = `entry with timestamp 2026-11-21 10:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-21T10:00:00Z, oldest acceptable timestamp is: 2026-11-21T11:00:00Z',\n`;
const PER_STREAM = `Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream '${STREAM}' totaling 154B, consider splitting`;

function ignored(count: number, of: number, stream = STREAM): string {
  return `${BEHIND.repeat(Math.min(count, 10))}user 'fake', total ignored: ${count} out of ${of} for stream: ${stream}\n`;
}

function judged(status: number, body = '', retryAfter?: string): Answer {
  return judge({ status, body, retryAfter }, WHERE, 0);
}

describe('countRefused', () => {
  test.each<[string, string, Record<string, number> | undefined]>([
    ['one kind', `3 errors like: ${OLD}\n`, { too_old: 3 }],
    ['a lone error', `${NEW}\n`, { too_new: 1 }],
    [
      'kinds',
      `2 errors like: ${OLD}; 1 errors like: ${NEW}; 4 errors like: ${LONG}`,
      { too_old: 2, too_new: 1, line_too_long: 4 },
    ],
    ['too far behind', ignored(12, 40), { too_far_behind: 12 }],
    ['and more that it does not tell', ignored(12, 30), { too_far_behind: 12, other: 10 }],
    ['all', ignored(40, 40), { too_far_behind: 40 }],
    ['more than there are', `41 errors like: ${OLD}`, undefined],
    ['one shard of several', ignored(2, 20, '{__stream_shard__="1", container="web"}'), undefined],
    [
      'labels that cannot be read',
      `couldn't parse labels: 1:2: parse error: unexpected`,
      { invalid_labels: 40 },
    ],
    ['too many labels', `entry for stream '${STREAM}' has 17 label names; limit 15`, { max_labels: 40 }],
    ['somebody else', 'Client sent an HTTP request to an HTTPS server.', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, body, expected) => {
    const counts = countRefused(body, 40);
    expect(counts && Object.fromEntries(counts)).toEqual(expected);
  });

  test('reads nothing that labels say', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '; 7 errors like: x',
        "\nuser 'fake', total ignored: 9 out of 40 for stream: ",
        'too far behind',
        'label names; limit',
      ),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (value, count) => {
        const stream = labelText({ container: value.toWellFormed() });
        const bodies = [
          ignored(count, 40, stream),
          `${count} errors like: ${OLD.replace(STREAM, () => stream)}`,
        ];
        expect(bodies.map((body) => Object.fromEntries(countRefused(body, 40) ?? []))).toEqual([
          { too_far_behind: count },
          { too_old: count },
        ]);
      }),
    );
  });

  test('takes any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(1_000), (body, lines) => {
        const sum = [...(countRefused(body, lines)?.values() ?? [])].reduce((a, b) => a + b, 0);
        expect(sum).toBeLessThanOrEqual(lines);
      }),
    );
  });
});

describe('judge', () => {
  test('knows what is limited, and by how much', () => {
    const tenant =
      "Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '1' lines";
    expect(judged(429, tenant)).toMatchObject({ kind: 'limited', by: 'tenant', bytesPerSecond: 4_194_304 });
    expect(judged(429, '', '3')).toMatchObject({
      by: 'tenant',
      bytesPerSecond: undefined,
      retryAfterMs: 3_000,
    });
    expect(judged(429, '', new Date(9_000).toUTCString())).toMatchObject({ retryAfterMs: 9_000 });
    expect(judged(429, '', 'soon')).toMatchObject({ retryAfterMs: undefined });
    expect(judged(429, PER_STREAM)).toMatchObject({ by: 'stream', bytesPerSecond: 3e6 });
    for (const [told, bytesPerSecond] of [
      ['3.1MB', 3.1e6],
      ['205kB', 205e3],
      ['512B', 512],
      ['1.1GB', 1.1e9],
      ['0B', undefined],
      ['1.1.1MB', undefined],
    ])
      expect(judged(429, PER_STREAM.replace('3MB', `${told}`))).toMatchObject({
        by: 'stream',
        bytesPerSecond,
      });
    const listed = `entry with timestamp 2026-11-21 10:00:00 +0000 UTC ignored, reason: '${PER_STREAM}',\n`;
    expect(
      judged(429, `${listed}user 'fake', total ignored: 1 out of 3 for stream: ${STREAM}`),
    ).toMatchObject({ by: 'stream' });
    expect(judged(400, `${listed}${ignored(1, 3)}`)).toMatchObject({ kind: 'limited', by: 'stream' });
    expect(
      judged(429, `Maximum active stream limit exceeded when trying to create stream ${STREAM}`),
    ).toMatchObject({ by: 'streams' });
  });

  test('knows what is too large', () => {
    const grpc =
      'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5242917 vs. 4194304)';
    expect([judged(413), judged(500, grpc)]).toEqual([{ kind: 'too large' }, { kind: 'too large' }]);
  });

  test('takes for stored what Loki says, or what others say that take its pushes, and nothing else', () => {
    for (const [status, body] of [
      [204, ''],
      [200, ''],
      [200, '\n'],
    ] as const)
      expect(judged(status, body)).toEqual({ kind: 'accepted' });
    for (const body of ['?', 'ok', '{"status":"ok"}', '<html>Welcome</html>']) {
      const answer = judged(200, body) as { error: Error };
      expect(answer).toMatchObject({ kind: 'failed', error: { code: 'SINK_TROUBLE', retryable: true } });
      expect(answer.error.message).toContain(`${WHERE} is not Loki`);
    }
    expect([201, 202, 206, 260].map((status) => judged(status).kind)).toEqual(Array(4).fill('failed'));
  });

  test('quotes the reason of a limit, short and printable', () => {
    expect(judged(429, '')).toMatchObject({ said: '429' });
    expect(judged(429, `Ingestion \u001b[31m${'x'.repeat(500)}\nsecond`)).toMatchObject({
      said: expect.stringMatching(/^429: Ingestion \?\[31mx+…$/) as string,
    });
    expect((judged(429, 'x'.repeat(70_000)) as { said: string }).said.length).toBeLessThan(250);
  });

  test('shows one short printable line of an answer', () => {
    const answer = judged(503, `upstream \u001b[31mgone${'x'.repeat(500)}\nsecond`);
    expect(answer).toMatchObject({ kind: 'failed', error: { code: 'SINK_TROUBLE', retryable: true } });
    const { message } = (answer as { error: Error }).error;
    expect(message).toMatch(/^Loki at \S+ answered 503: upstream \?\[31mgonex+….$/);
    expect(message.length).toBeLessThan(300);
    expect((judged(404, '<html>') as { error: Error }).error.message).toBe(`Loki at ${WHERE} answered 404.`);
  });
});
