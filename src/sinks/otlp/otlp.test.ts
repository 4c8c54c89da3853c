import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockLine } from '../../../test/support/blocks.js';
import type { Labels } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import {
  anyDeliveries,
  block,
  deliver,
  deliverAll,
  deliverOnce,
  REQUEST_CONFIG,
  readable,
  without,
  withServer,
} from '../http/testing/sink-kit.js';
import { createOtlpSink } from './index.js';
import { Receiver } from './testing/receiver.js';

const make = (url: string, log = silentLogger) =>
  createOtlpSink('otlp', { type: 'otlp', url, headers: {}, ...REQUEST_CONFIG }, { log });

const NUMBERS: Readonly<Record<string, [number, string]>> = {
  warn: [13, 'warn'],
  error: [17, 'error'],
  none: [0, ''],
};

/** What the specification makes of a line, said a second time. */
function recordOf({ labels, text, seconds = 0, nanos = 0, fields = {} }: BlockLine) {
  const attributes = Object.fromEntries(Object.entries(fields));
  const isId = (value: string, length: number): boolean =>
    new RegExp(`^[0-9a-fA-F]{${length}}$`).test(value) && !/^0+$/.test(value);
  const ids = { trace_id: '', span_id: '' };
  for (const [name, length] of [
    ['trace_id', 32],
    ['span_id', 16],
  ] as const) {
    if (!isId(attributes[name] ?? '', length)) continue;
    ids[name] = attributes[name].toLowerCase();
    delete attributes[name];
  }
  return {
    resource: { 'container.name': labels['container'], 'host.name': 'h1', team: 'a\nb' },
    scope: 'log-capturer',
    nanos: String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)),
    body: readable(text),
    attributes: { 'log.iostream': labels['stream'], ...attributes },
    traceId: ids.trace_id,
    spanId: ids.span_id,
  };
}

test('whatever the lines are, and whatever the receiver answers, they are there, once, in order, as the model wants them', async () => {
  await fc.assert(
    fc.asyncProperty(anyDeliveries, async (deliveries) => {
      const receiver = new Receiver();
      await withServer(receiver.answer, make, async (opened) => {
        const began = BigInt(Date.now()) * 1_000_000n;
        const { lines, results } = await deliverAll(opened, deliveries);
        const bare = receiver.records.map((record) =>
          without(record, 'severity', 'severityText', 'observedNanos'),
        );
        expect(bare).toEqual(lines.map(recordOf));
        for (const [i, { fields = {}, text }] of lines.entries()) {
          const { severity, severityText, observedNanos } = receiver.records[i];
          expect(BigInt(observedNanos)).toBeGreaterThanOrEqual(began);
          const told =
            fields['level'] === 'warn'
              ? 'warn'
              : /^ERROR x$|"level":"error"/.test(String(text))
                ? 'error'
                : undefined;
          if (told) expect([severity, severityText]).toEqual(NUMBERS[told]);
        }
        expect(results.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(lines.length);
      });
    }),
    { numRuns: 25 },
  );
});

describe('labels and levels', () => {
  const sent = async (labels: Labels, text = 'x', fields = {}) => {
    const receiver = new Receiver();
    await withServer(receiver.answer, make, async ({ sink }) => {
      await deliver(sink, [block([{ labels, text, fields }])]);
    });
    const [{ resource, attributes, severity, severityText }] = receiver.records;
    return { resource, attributes, severity: [severity, severityText] };
  };

  test('have the names of the semantic conventions', async () => {
    expect(
      await sent({
        container: 'app',
        pod: 'shop-1',
        namespace: 'shop',
        service_name: 'checkout',
        filename: '/var/log/x',
        compose_project: 'p',
        __tenant__: 'hidden',
      }),
    ).toEqual({
      severity: [0, ''],
      resource: {
        'k8s.container.name': 'app',
        'k8s.pod.name': 'shop-1',
        'k8s.namespace.name': 'shop',
        'service.name': 'checkout',
        compose_project: 'p',
      },
      attributes: { 'log.file.path': '/var/log/x' },
    });
    expect(await sent({ container: 'a', container_name: 'b', source: 'docker' })).toMatchObject({
      resource: { 'container.name': 'a', container_name: 'b', source: 'docker' },
      attributes: {},
    });
  });

  test.each([
    ['a label', { level: 'critical' }, 'x', {}, [21, 'critical']],
    ['a field', { level: 'info' }, 'x', { level: 'debug' }, [5, 'debug']],
    ['the line', {}, 'level=trace x', {}, [1, 'trace']],
    ['nobody', {}, 'x', {}, [0, '']],
  ])('the level is told by %s', async (_, labels, text, fields, expected) => {
    expect((await sent({ container: 'a', ...labels }, text, fields)).severity).toEqual(expected);
  });
});

describe('partial success', () => {
  const lines = ['a', 'b', 'c'].map((text) => ({ labels: { container: 'web' }, text }));

  test.each([false, true])('of some is counted, told, and never sent again (JSON: %s)', async (isJson) => {
    const told: string[] = [];
    const log = { ...silentLogger, warn: (_: object, text: string) => void told.push(text) };
    const receiver = new Receiver();
    receiver.isJson = isJson;
    receiver.takes = (records) => records.length - 1;
    receiver.message = 'too old\u0007';
    await withServer(
      receiver.answer,
      (url) => make(url, log),
      async ({ sink, server }) => {
        expect(await deliver(sink, [block(lines)])).toEqual({
          delivered: 2,
          rejected: new Map([['not_told', 1]]),
          refused: undefined,
        });
        expect(server.asked.length).toBe(1);
      },
    );
    expect(told).toEqual([
      expect.stringMatching(/^sink otlp: lines were rejected \(too old\?\): not_told, /),
    ]);
  });

  test('of none makes dead letters of all', async () => {
    const receiver = new Receiver();
    receiver.takes = () => 0;
    receiver.message = 'not today';
    await withServer(receiver.answer, make, async ({ sink }) => {
      const { delivered, rejected, refused } = await deliver(sink, [block(lines)]);
      expect([delivered, [...rejected]]).toEqual([0, [['refused', 3]]]);
      expect(refused?.map(({ rows, said }) => [rows, said])).toEqual([[[0, 1, 2], 'not today']]);
    });
  });

  test('with a warning and nothing rejected is a success', async () => {
    const receiver = new Receiver();
    receiver.message = 'deprecated';
    await withServer(receiver.answer, make, async ({ sink }) => {
      expect((await deliver(sink, [block(lines)])).delivered).toBe(3);
    });
    expect(receiver.records.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
  });
});

test.each([
  ['a page', '<html>Please log in</html>'],
  ['other JSON', '[]'],
  ['less than nothing', '{"partialSuccess":{"rejectedLogRecords":"-1"}}'],
  ['no number', '{"partialSuccess":{"rejectedLogRecords":"some"}}'],
  ['half of an answer', Buffer.from([0x0a, 0x05, 0x08])],
])('a 200 with %s is no success', async (_, body) => {
  await withServer(
    () => ({ status: 200, body }),
    make,
    async ({ sink }) => {
      await expect(
        deliverOnce(sink, [block([{ labels: { container: 'web' }, text: 'x' }])]),
      ).rejects.toMatchObject({ code: 'SINK_TROUBLE', retryable: true });
    },
  );
});

test('an empty 200 is a success, and a whole endpoint is taken as it is', async () => {
  await withServer(
    ({ path }) => ({ status: path === '/otlp/v1/logs' ? 200 : 404 }),
    (url) => make(`${url}/otlp/v1/logs`),
    async ({ sink }) => {
      const line = { labels: { container: 'web' }, text: 'x' };
      expect((await deliver(sink, [block([line])])).delivered).toBe(1);
    },
  );
});
