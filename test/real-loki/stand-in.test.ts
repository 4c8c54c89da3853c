/**
 * The stand-in against a real Loki (docs/loki-checked.md): the same hostile pushes to both; status, words and what is kept must
 * agree.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, post, pushProto, type SentStream } from '../support/loki/client.js';
import { HOSTILE_CASES } from '../support/loki/hostile-pushes.js';
import { detectLevel, LEVEL_NAME } from '../support/loki/level.js';
import { type HeldStream, RealLoki } from '../support/loki/real.js';
import { type LokiReceiver, startLoki } from '../support/loki/receiver.js';

const cases = Object.entries(HOSTILE_CASES).map(([name, hostile], i) => ({
  name,
  tenant: `case-${i}`,
  ...hostile,
}));

describe('the stand-in against a real Loki', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'lct-real-loki-'));
  let real: RealLoki;

  beforeAll(async () => {
    const limited = cases.flatMap(({ tenant, limits }) => (limits ? [[tenant, limits] as const] : []));
    real = await RealLoki.start(folder, Object.fromEntries([...limited, ['labels', {}]]));
    console.log(`Loki ${await real.version()}`);
  }, 120_000);
  afterAll(async () => {
    await real?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(cases)('$name', async ({ tenant, limits, pushes }) => {
    const standIn = await startLoki({ multiTenant: true, limits: limits ?? 'none' });
    try {
      for (const streams of pushes(Date.now())) {
        const [said, expected] = await both(standIn, tenant, streams);
        expect(said).toEqual(expected);
      }
      expect(sorted(await real.held(tenant))).toEqual(
        sorted(heldBy(standIn, tenant, limits?.allowsMetadata)),
      );
    } finally {
      await standIn.close();
    }
  });

  it.each(['', 'a|b', 'x/y', 'a b', '..', 'a'.repeat(151), 'a|a', "ok!-_.*'()"])(
    'tenant %j',
    async (tenant) => {
      const standIn = await startLoki({ multiTenant: true });
      try {
        const [said, expected] = await both(standIn, tenant, [
          { labels: '{app="t"}', entries: [{ ms: Date.now(), line: 't' }] },
        ]);
        expect(said).toEqual(expected);
      } finally {
        await standIn.close();
      }
    },
  );

  it('what is no request', async () => {
    const standIn = await startLoki({ multiTenant: true });
    try {
      for (const [body, headers] of [
        ['not snappy', { 'content-type': 'application/x-protobuf' }],
        ['{}', { 'content-type': 'application/json' }],
        ['{', { 'content-type': 'application/json' }],
        ['x', { 'content-type': 'application/x-protobuf', 'content-encoding': 'br' }],
      ] as [string, Record<string, string>][]) {
        const [said, expected] = await Promise.all(
          [real.url, standIn.url].map((url) =>
            post(url, Buffer.from(body), { ...headers, 'x-scope-orgid': 'none' }),
          ),
        );
        expect(said.status, `${body}: ${said.text} ${expected.text}`).toBe(expected.status);
      }
    } finally {
      await standIn.close();
    }
  });

  it('label sets, well and badly written', async () => {
    const standIn = await startLoki({ multiTenant: true });
    // Names in quotes, which Prometheus takes since 3.0, the stand-in does not know, and nobody sends.
    const textOf = (characters: string): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...characters.split('')), maxLength: 24 });
    const value = textOf('{}="`,\\ \nabé_1:東');
    const labels = fc.oneof(
      textOf('{}=, ab_1:é'),
      value.map((text) => `{app=${JSON.stringify(text)}}`),
      fc.tuple(textOf('ab_1:é ={'), value).map(([name, text]) => `{${name}="${text}"}`),
      fc.tuple(textOf('ab_1'), value).map(([name, text]) => `{${name}=\`${text}\` , x="1"}`),
    );
    const now = Date.now();
    try {
      await fc.assert(
        fc.asyncProperty(labels, async (given) => {
          const [said, expected] = await both(standIn, 'labels', [
            { labels: given, entries: [{ ms: now, line: given }] },
          ]);
          expect(said.status, `${given}: ${said.text} ${expected.text}`).toBe(expected.status);
        }),
        { numRuns: 1_500 },
      );
      expect(sorted(await real.held('labels'))).toEqual(sorted(heldBy(standIn, 'labels')));
    } finally {
      await standIn.close();
    }
  }, 120_000);

  async function both(
    standIn: LokiReceiver,
    tenant: string,
    streams: readonly SentStream[],
  ): Promise<[said: Answer, expected: Answer]> {
    const headers = tenant === '' ? {} : { 'x-scope-orgid': tenant };
    const said = await pushProto(real.url, streams, headers);
    const expected = await pushProto(standIn.url, streams, headers);
    return [comparable(said), comparable(expected)];
  }
});

/**
 * Without what the clock of each says, the parser's words behind the place, and a byte or two of a message's size; groups of errors
 * in one order.
 */
function comparable({ status, text }: Answer): Answer {
  const same = text
    .replace(/(too old: [^,]*, oldest acceptable timestamp is: )[^;\n]*/g, '$1<then>')
    .replace(/(: parse error: ).*/s, '$1<words>')
    .replace(/(larger than max \()\d+/, '$1<size>');
  return { status, text: same.trimEnd().split('; ').sort().join('; ') };
}

/** What the stand-in was given, as a query of the real one would show it. */
function heldBy(standIn: LokiReceiver, tenant: string, hasLevels = true): HeldStream[] {
  return standIn
    .streams()
    .filter((stream) => stream.tenant === tenant)
    .map(({ labels, entries }) => ({
      labels,
      entries: entries.map(({ seconds, nanos, line, metadata }) => {
        const level: [string, string][] = hasLevels
          ? [[LEVEL_NAME, detectLevel(Object.entries(labels), metadata, line)]]
          : [];
        return {
          time: String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)),
          line: line.toString(),
          metadata: Object.fromEntries([...metadata.filter(([, v]) => v !== ''), ...level]),
        };
      }),
    }));
}

/** Streams in one order, lines by their times: those of one nanosecond come from Loki in any order. */
function sorted(streams: readonly HeldStream[]): HeldStream[] {
  const keyOf = (value: unknown): string => JSON.stringify(value);
  const byKey = <T>(items: readonly T[], key: (item: T) => string): T[] =>
    items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return byKey(
    streams.map(({ labels, entries }) => ({
      labels,
      entries: byKey(entries, ({ time, line, metadata }) =>
        keyOf([time.padStart(20, '0'), line, Object.entries(metadata).sort()]),
      ),
    })),
    ({ labels }) => keyOf(Object.entries(labels).sort()),
  );
}
