import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CATCH_UP_LABEL,
  containerOf,
  GAP_LABEL,
  LANES,
  type Labels,
  LIVE_LANES,
  labelText,
  OUTPUT_LABELS,
  outputOf,
  parseLabelText,
  StreamTable,
} from './streams.js';

const labels = fc.dictionary(
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/),
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  { noNullPrototype: true },
);

describe('labelText', () => {
  test('is what Loki shows, names sorted', () => {
    expect(labelText({ stream: 'stdout', container: 'a "b" \\ c\n' })).toBe(
      '{container="a \\"b\\" \\\\ c\\n", stream="stdout"}',
    );
    expect(labelText({})).toBe('{}');
  });

  test('is undone by parseLabelText, whatever the values', () => {
    fc.assert(
      fc.property(labels, (set) => {
        expect(parseLabelText(labelText(set))).toEqual(set);
      }),
    );
  });

  test('what is no label text is refused', () => {
    for (const text of ['', '{', 'a="b"', '{a=b}', '{a="b"', '{a="b"} ', '{a="b",,c="d"}']) {
      expect(() => parseLabelText(text), text).toThrow(SyntaxError);
    }
  });
});

describe('StreamTable', () => {
  test('gives equal labels one stream, and forgets it with its last user', () => {
    const table = new StreamTable();
    const first = table.acquire({ a: '1', b: '2' });
    const same = table.acquire({ b: '2', a: '1' });
    expect(same).toBe(first);
    expect(table.get(first.id)).toBe(first);
    table.release(first);
    expect(table.get(first.id)).toBe(first);
    table.release(first);
    expect(table.get(first.id)).toBeUndefined();
    expect(table.size).toBe(0);
    expect(table.acquire({ a: '1', b: '2' }).id).not.toBe(first.id);
  });

  test('keeps stdout, stderr, catch-up and gaps of a container in matching lanes', () => {
    fc.assert(
      fc.property(labels, (set) => {
        const table = new StreamTable();
        const stdout = table.acquire({ ...set, stream: 'stdout' });
        const stderr = table.acquire({ ...set, stream: 'stderr' });
        const old = table.acquire({ ...set, stream: 'stdout', [CATCH_UP_LABEL]: 'true' });
        // `gap` says nothing of where a stream's lines go: it stands beside the lines of the container.
        const { stream: _, [GAP_LABEL]: __, ...own } = set;
        const lanes = [{}, { [GAP_LABEL]: 'rotated' }].map((more) => table.acquire({ ...own, ...more }).lane);
        expect(lanes[1]).toBe(lanes[0]);
        expect(stderr.lane).toBe(stdout.lane);
        expect(stdout.lane).toBeLessThan(LIVE_LANES);
        expect(old.lane).toBe(stdout.lane + LIVE_LANES);
        expect(old.lane).toBeLessThan(LANES);
      }),
    );
  });

  test('so it is with every preset, and container and output are known by each', () => {
    const table = new StreamTable();
    for (const output of OUTPUT_LABELS) {
      const lanes = ['stdout', 'stderr'].map(
        (name) => table.acquire({ container: 'web', [output]: name }).lane,
      );
      expect(new Set(lanes).size).toBe(1);
      expect(outputOf({ container_name: 'web', [output]: 'stderr' })).toBe('stderr');
    }
    expect(containerOf({ container_name: 'web', source: 'stdout' })).toBe('web');
    expect(containerOf({ container: 'a', container_name: 'b' })).toBe('a');
    expect([containerOf({ filename: 'x' }), outputOf({ stream: '' })]).toEqual([undefined, undefined]);
  });

  test('uses every lane alike, also where a name stands in two labels', () => {
    const byLabels: ((name: string) => Labels)[] = [
      (name) => ({ container: name }),
      (name) => ({ container: name, service_name: name, host: 'h' }),
    ];
    for (const labelsOf of byLabels) {
      const table = new StreamTable();
      const used = new Float64Array(LIVE_LANES);
      for (let i = 0; i < 200; i++) used[table.acquire(labelsOf(`c-${i}`)).lane]++;
      expect(Math.min(...used)).toBeGreaterThan(200 / LIVE_LANES / 2);
    }
  });
});
