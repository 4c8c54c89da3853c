/**
 * The stand-in against a real Loki: the same hostile pushes to both; status, words and what is kept must agree. It runs where
 * LOKI names the program (docs/loki-checked.md).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, post, pushProto, type SentStream } from './client.js';
import { HOSTILE_CASES } from './hostile-pushes.js';
import { detectLevel, LEVEL_NAME } from './level.js';
import { type HeldStream, RealLoki, whyNoReal } from './real.js';
import { type LokiReceiver, startLoki } from './receiver.js';

const why = whyNoReal();
const cases = Object.entries(HOSTILE_CASES).map(([name, hostile], i) => ({
  name,
  tenant: `case-${i}`,
  ...hostile,
}));

describe.skipIf(why !== undefined)(`the stand-in against a real Loki (${why ?? 'LOKI'})`, () => {
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
      expect(sorted(await real.held(tenant))).toEqual(sorted(heldBy(standIn, tenant)));
    } finally {
      await standIn.close();
    }
  });

  it.each(['', 'a|b', 'x/y', 'ä', '..', 'a'.repeat(151), 'a|a', "ok!-_.*'()"])(
    'tenant %j',
    async (tenant) => {
      const standIn = await startLoki({ multiTenant: true });
      try {
        const header = tenant === 'ä' ? Buffer.from(tenant).toString('latin1') : tenant;
        const [said, expected] = await both(standIn, header, [
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

  it('label sets, whatever they are', async () => {
    const standIn = await startLoki({ multiTenant: true });
    const character = fc.constantFrom(...'{}="`,\\ \nabé_1:東'.split(''));
    const text = fc.string({ unit: character, maxLength: 24 });
    const labels = fc.oneof(
      text,
      text.map((inside) => `{${inside}}`),
      text.map((value) => `{app=${JSON.stringify(value)}}`),
      fc.tuple(text, text).map(([name, value]) => `{${name}="${value}"}`),
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

/** Without what the clock of each says, and groups of errors in one order. */
function comparable({ status, text }: Answer): Answer {
  const timeless = text.replace(/(too old: [^,]*, oldest acceptable timestamp is: )[^;\n]*/g, '$1<then>');
  return { status, text: timeless.trimEnd().split('; ').sort().join('; ') };
}

/** What the stand-in was given, as a query of the real one would show it. */
function heldBy(standIn: LokiReceiver, tenant: string): HeldStream[] {
  return standIn
    .streams()
    .filter((stream) => stream.tenant === tenant)
    .map(({ labels, entries }) => ({
      labels,
      entries: entries
        .map(({ seconds, nanos, line, metadata }) => {
          const level = detectLevel(Object.entries(labels), metadata, line);
          return {
            time: String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)),
            line: line.toString(),
            metadata: Object.fromEntries([...metadata.filter(([, v]) => v !== ''), [LEVEL_NAME, level]]),
          };
        })
        .toSorted((a, b) => (BigInt(a.time) < BigInt(b.time) ? -1 : BigInt(a.time) > BigInt(b.time) ? 1 : 0)),
    }));
}

/** Streams in one order; their lines in the order that they are in. */
function sorted(streams: readonly HeldStream[]): HeldStream[] {
  const key = ({ labels }: HeldStream): string => JSON.stringify(Object.entries(labels).sort());
  return streams.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
