import { describe, expect, it } from 'vitest';
import { LineFlag } from '../../pipeline/batch.js';
import { Draft } from '../../pipeline/draft.js';
import { fieldName } from '../../pipeline/metadata.js';
import { StreamTable } from '../../pipeline/streams.js';
import { entryOf, StageKit } from '../../pipeline/testing/stage-kit.js';
import { kitOf, processor, STDERR, STDOUT, TRACE } from './testing/multiline-kit.js';

describe('ordinary lines', () => {
  const ORDINARY = [
    '172.17.0.1 - - [22/Nov/2026:16:00:00 +0000] "GET /Error HTTP/1.1" 200 612 "-" "Mozilla/5.0"',
    '2026/11/22 16:00:00 [error] 29#29: *1 open() "/x" failed (2: No such file or directory), client: 1.2.3.4',
    '{"level":"error","msg":"Error: boom","stack":"Error: boom\\n    at x (y.js:1:1)"}',
    '{"error":"java.io.IOException: x"}',
    '{"msg":"failed: java.io.IOException: x"}',
    'time=2026-11-22T16:00:00Z level=error msg="failed: x" err="Error: y"',
    'level=warn ts=1 caller=main.go:12 err=Exception: z',
    '<34>1 2026-11-22T16:00:00Z host app 1 - - su failed',
    'Nov 22 16:00:00 host kernel: eth0: link up',
    'E1122 16:00:00.000000       1 reflector.go:138] Failed to watch',
    '1:M 22 Nov 2026 16:00:00.000 * Ready to accept connections',
    '2026-11-22 16:00:00.000 UTC [1] ERROR:  relation "x" does not exist at character 15',
    'INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK',
    'Errors: 0, Exceptions: none',
    'Tracer started',
    'Traces: 12',
    '',
    '   ',
    '\tmoved in',
    '  - item',
    '/docker-entrypoint.sh: Configuration complete; ready for start up',
    '[notice] 1#1: start worker process 30',
    'x'.repeat(10_000),
    '\xff\xfe\x00',
  ];

  it.each(ORDINARY)('pass as they are, and wait for nothing: %s', (line) => {
    const kit = kitOf().push([{ text: Buffer.from(line, 'latin1') }]);
    expect(kit.out.map(({ bytes }) => bytes)).toEqual([line]);
    expect([kit.dueMs, kit.save()]).toEqual([Number.POSITIVE_INFINITY, undefined]);
  });

  it('pass beside a stream whose trace is not over', () => {
    const kit = kitOf().push([
      { text: TRACE[0], labels: STDERR },
      { text: 'one', labels: STDOUT },
      { text: TRACE[1], labels: STDERR },
      { text: 'two', labels: STDOUT },
    ]);
    expect(kit.texts()).toEqual(['one', 'two']);
    expect(kit.push([{ text: 'three', labels: STDERR }]).texts()).toEqual([
      'one',
      'two',
      `${TRACE[0]}\n${TRACE[1]}`,
      'three',
    ]);
  });

  it('of streams that are not selected pass, and are not counted', () => {
    const made = processor();
    const kit = new StageKit(() => [entryOf(made, '{stream="stderr"}')]);
    const lines = TRACE.flatMap((text) => [
      { text, labels: STDOUT },
      { text, labels: STDERR },
    ]);
    expect(kit.push(lines).flush().texts()).toEqual([...TRACE, TRACE.join('\n')]);
    expect(made.figures.lines).toBe(3);
    expect(Object.fromEntries(made.figures.done)).toEqual({ joined: 1 });
  });
});

describe('a joined line', () => {
  it('has time and fields of its first line, and flags of all', () => {
    const kit = kitOf()
      .push([
        { text: TRACE[0], seconds: 10, nanos: 1, fields: [['a', 'first']] },
        {
          text: TRACE[1],
          seconds: 11,
          flags: LineFlag.cut,
          fields: [
            ['a', 'second'],
            ['b', 'x'],
          ],
        },
      ])
      .push([{ text: TRACE[2], seconds: 12, flags: LineFlag.incomplete }])
      .push([{ text: 'behind', seconds: 13, fields: [['c', 'own']] }]);
    expect(kit.out).toMatchObject([
      { seconds: 10, nanos: 1, flags: LineFlag.cut | LineFlag.incomplete, fields: { a: 'first' } },
      { text: 'behind', seconds: 13, nanos: 0, flags: 0, fields: { c: 'own' } },
    ]);
    expect(kit.told).toEqual({ generated: 0, merged: 2, held: 0, filtered: {} });
  });

  it('has nothing of lines that passed before it', () => {
    const kit = kitOf().push([
      { text: TRACE[0], labels: STDERR, fields: [['a', 'err']] },
      { text: TRACE[0], labels: STDOUT },
      { text: TRACE[1], labels: STDOUT },
      { text: 'behind', labels: STDOUT, fields: [['b', 'out']] },
    ]);
    expect(kit.out.map(({ fields }) => fields)).toEqual([{}, { b: 'out' }]);
  });

  it('is not written over by later batches, which lie where its lines lay', () => {
    const streams = new StreamTable();
    const { id } = streams.acquire(STDOUT);
    const stage = processor().begin({ selects: () => true, streams, now: () => 0 });
    const account = { generated() {}, filtered() {}, merged() {}, held() {} };
    const draft = new Draft();
    const name = fieldName('a');
    const push = (...lines: readonly string[]): [string, string | undefined][] => {
      draft.clear();
      for (const line of lines) {
        const row = draft.addLine(Buffer.from(line), id, { seconds: 1, nanos: 0, flags: 0 });
        draft.fields().addText(row, name, line.slice(0, 4));
      }
      stage.process(draft, account);
      return Array.from({ length: draft.length }, (_, row) => [
        draft.text(row),
        draft.metadata?.text(row, name),
      ]);
    };
    expect(push('Error: x', 'more')).toEqual([]);
    expect(push('further')).toEqual([]);
    expect(push('panic: another one')).toEqual([
      ['Error: x', 'Erro'],
      ['more', 'more'],
      ['further', 'furt'],
    ]);
  });

  it('gives lines back with what they carried where they are part of nothing', () => {
    const kit = kitOf().push([
      { text: 'Error: x', seconds: 1, fields: [['a', '1']] },
      { text: 'maybe more', seconds: 2, nanos: 5, flags: LineFlag.malformed, fields: [['a', '2']] },
    ]);
    expect([kit.texts(), kit.told.held]).toEqual([[], 2]);
    kit.kill().flush();
    expect(kit.out).toMatchObject([
      { text: 'Error: x', seconds: 1, flags: 0, fields: { a: '1' } },
      { text: 'maybe more', seconds: 2, nanos: 5, flags: LineFlag.malformed, fields: { a: '2' } },
    ]);
  });
});
