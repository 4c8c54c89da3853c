import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RecordId, RecordRing, recordMark } from './ring.js';

/** What a ring has to say, of all that was ever put into it. */
class Model {
  all: RecordId[] = [];
  verified = 0;

  get sum(): number {
    return this.all.slice(this.verified).reduce((sum, record) => (sum + recordMark(record)) >>> 0, 0);
  }
}

/** Few times and texts, so that some are alike. */
const record = fc.record({ seconds: fc.nat(3), nanos: fc.nat(40), hash: fc.nat(3) });
const deed = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.array(record, { minLength: 1, maxLength: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ verify: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ insert: fc.array(fc.tuple(fc.nat(100), record), { maxLength: 40 }) }) },
  { weight: 1, arbitrary: fc.constant('trim' as const) },
);

describe('the ring of records', () => {
  it('finds what it holds, wherever records were put between others, and holds all that is not verified', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(deed, { maxLength: 25 }), (mayRepeat, deeds) => {
        const ring = new RecordRing(mayRepeat);
        const model = new Model();
        for (const deed of deeds) {
          if (deed === 'trim') ring.trim();
          else if ('add' in deed) {
            for (const { seconds, nanos, hash } of deed.add) ring.add(seconds, nanos, hash);
            model.all.push(...deed.add);
          } else if ('verify' in deed) {
            model.verified = Math.max(model.verified, model.all.length - deed.verify);
            ring.verified = model.verified;
          } else if (mayRepeat) insert(ring, model, deed.insert);
          expectSame(ring, model, mayRepeat);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** So far back from the end, not before what is verified. */

function expectSame(ring: RecordRing, { all, verified, sum }: Model, mayRepeat: boolean): void {
  expect([ring.newest, ring.unverified]).toEqual([all.length, all.length - verified]);
  const held = all.slice(all.length - ring.length).toReversed();
  if (mayRepeat) expect(ring.length).toBeGreaterThanOrEqual(Math.min(16_384, all.length - verified));
  expect(held.map((_, i) => ring.at(i + 1))).toEqual(held);
  if (ring.length >= all.length - verified) expect(ring.sum).toBe(sum);
  for (const { seconds, nanos, hash } of all) {
    const back = held.findIndex((id) => id.seconds === seconds && id.nanos === nanos && id.hash === hash) + 1;
    expect(ring.find(seconds, nanos, hash)).toBe(back);
    // Another one that is looked for in the same place.
    expect(ring.find(seconds + 10, nanos, hash)).toBe(0);
  }
}

/** Each so far back from the end, none before what is verified. */
function insert(ring: RecordRing, model: Model, records: readonly (readonly [number, RecordId])[]): void {
  const { all, verified } = model;
  if (all.length === verified) return;
  const afters = records.map(([back]) => all.length - 1 - (back % (all.length - verified)));
  ring.insert(records.map(([, record], i) => ({ ...record, after: afters[i] })));
  const behind = (number: number): RecordId[] =>
    records.filter((_, i) => afters[i] === number).map(([, record]) => record);
  model.all = [...behind(0), ...all.flatMap((record, i) => [record, ...behind(i + 1)])];
}
