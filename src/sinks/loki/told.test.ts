import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelText } from '../../pipeline/streams.js';
import { readRefusal, type Told } from './told.js';

const STREAM = '{container="web", service_name="web"}';
const OLD = `entry for stream '${STREAM}' has timestamp too old: 2026-11-01T00:00:00Z, oldest acceptable timestamp is: 2026-11-15T00:00:00Z`;
const NEW = `entry for stream '${STREAM}' has timestamp too new: 2026-12-01T00:00:00Z`;
const LONG = `Max entry size '262144' bytes exceeded for stream '${STREAM}' while adding an entry with length '300000' bytes`;
const BEHIND = `entry with timestamp 2026-11-21 10:00:00.00000001 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-21T10:00:00Z, oldest acceptable timestamp is: 2026-11-21T11:00:00Z',\n`;
const at = (time: string): number => Date.parse(time) / 1000;

function ignored(count: number, of: number, stream = STREAM): string {
  return `${BEHIND.repeat(Math.min(count, 10))}user 'fake', total ignored: ${count} out of ${of} for stream: ${stream}\n`;
}

const old = {
  reason: 'too_old',
  stream: STREAM,
  seconds: at('2026-11-01T00:00:00Z'),
  bytes: undefined,
  said: expect.stringMatching(
    /^entry for stream .* has timestamp too old: 2026-11-01T00:00:00Z, oldest acc/,
  ) as string,
};
const long = { reason: 'line_too_long', stream: STREAM, seconds: undefined, bytes: 300_000 };

describe('what a 400 tells', () => {
  test.each<[string, string, unknown]>([
    ['one kind', `3 errors like: ${OLD}\n`, { kind: 'validation', groups: [{ ...old, count: 3 }] }],
    ['a lone error', `${OLD}\n`, { kind: 'validation', groups: [{ ...old, count: 1 }] }],
    [
      'kinds',
      `2 errors like: ${OLD}; 1 errors like: ${NEW}; 4 errors like: ${LONG}`,
      {
        kind: 'validation',
        groups: [
          { ...old, count: 2 },
          { reason: 'too_new', seconds: at('2026-12-01T00:00:00Z'), bytes: undefined, count: 1 },
          { ...long, count: 4 },
        ],
      },
    ],
    [
      'too far behind',
      ignored(12, 40),
      {
        kind: 'ingester',
        reason: 'too_far_behind',
        stream: STREAM,
        ignored: 12,
        of: 40,
        listed: Array.from({ length: 10 }, () => ({ seconds: at('2026-11-21T10:00:00Z'), nanos: 10 })),
        oldestSeconds: at('2026-11-21T11:00:00Z'),
        said: expect.stringMatching(/^entry with timestamp 2026-11-21 10:00:00.00000001/) as string,
      },
    ],
    [
      'labels that cannot be read',
      `couldn't parse labels: 1:2: parse error: unexpected`,
      { kind: 'nothing stored', reason: 'invalid_labels' },
    ],
    [
      'labels that cannot be read, as the distributor says it',
      `error parsing labels '{a=}' with error: 1:2: parse error: unexpected`,
      { kind: 'nothing stored', reason: 'invalid_labels' },
    ],
    [
      'a long line, as Loki 3.7 says it',
      LONG.replace('Max', 'max'),
      { kind: 'validation', groups: [{ ...long, count: 1 }] },
    ],
    [
      'too many labels',
      `entry for stream '${STREAM}' has 17 label names; limit 15`,
      { kind: 'validation', groups: [{ reason: 'max_labels', stream: STREAM, count: 1 }] },
    ],
    [
      'somebody else',
      'Client sent an HTTP request to an HTTPS server.',
      { kind: 'unknown', reason: undefined },
    ],
    ['nothing', '', { kind: 'unknown', reason: undefined, said: '' }],
  ])('%s', (_, body, expected) => {
    expect(readRefusal(body)).toMatchObject(expected as Told);
  });

  test('is not the whole of it where the end is missing', () => {
    expect(readRefusal(`2 errors like: ${OLD}; 3 errors like: ent`, false)).toMatchObject({
      kind: 'unknown',
      reason: 'too_old',
    });
  });

  test('is read without what labels say', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '; 7 errors like: x',
        "\nuser 'fake', total ignored: 9 out of 40 for stream: ",
        "couldn't parse labels",
        'too far behind',
        'label names; limit',
        "' has timestamp too new: 2030-01-01T00:00:00Z",
      ),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (value, count) => {
        const stream = labelText({ container: value.toWellFormed() });
        expect(readRefusal(ignored(count, 40, stream))).toMatchObject({
          kind: 'ingester',
          reason: 'too_far_behind',
          ignored: count,
          stream,
        });
        expect(readRefusal(`${count} errors like: ${OLD.replace(STREAM, () => stream)}`)).toMatchObject({
          groups: [{ reason: 'too_old', count, stream, seconds: old.seconds }],
        });
      }),
    );
  });

  test('may be any text, and is shown short and printable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (body) => {
        const told = readRefusal(body);
        const words = 'said' in told ? [told] : told.groups;
        for (const { said } of words) expect(said).toMatch(/^[ -~]{0,200}…?$/);
      }),
    );
  });
});
