import { describe, expect, test } from 'vitest';
import { type Answer, judge } from './answer.js';

const WHERE = 'http://loki:3100/loki/api/v1/push';
const STREAM = '{container="web", service_name="web"}';
const BEHIND = `entry with timestamp 2026-11-21 10:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-21T10:00:00Z, oldest acceptable timestamp is: 2026-11-21T11:00:00Z',\n`;
const PER_STREAM = `Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream '${STREAM}' totaling 154B, consider splitting`;

function ignored(count: number, of: number, stream = STREAM): string {
  return `${BEHIND.repeat(Math.min(count, 10))}user 'fake', total ignored: ${count} out of ${of} for stream: ${stream}\n`;
}

function judged(status: number, body = '', retryAfter?: string): Answer {
  return judge({ status, body, retryAfter }, WHERE, 0);
}

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
    for (const first of ['M', 'm']) {
      const streams = `${first}aximum active stream limit exceeded when trying to create stream ${STREAM}`;
      expect(judged(429, streams)).toMatchObject({ by: 'streams' });
    }
  });

  test('knows what is too large', () => {
    const grpc =
      'rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5242917 vs. 4194304)';
    expect([judged(413), judged(500, grpc)]).toMatchObject([
      { kind: 'too large', said: '413' },
      { kind: 'too large', said: `500: ${grpc}` },
    ]);
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
