/** Drafts against a plain list of lines. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch } from './batch.js';
import { Draft } from './draft.js';
import { fieldName } from './metadata.js';

interface Line {
  text: string;
  stream: number;
  seconds: number;
  fields: [string, string][];
}

const line = fc.record({
  text: fc.string({ unit: 'grapheme', maxLength: 40 }),
  stream: fc.nat(3),
  seconds: fc.nat(1000),
  fields: fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.string({ maxLength: 5 })), { maxLength: 2 }),
});
const step = fc.oneof(
  fc.record({ does: fc.constant('add' as const), line }),
  fc.record({ does: fc.constant('front' as const), lines: fc.array(line, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    does: fc.constant('replace' as const),
    row: fc.nat(),
    text: fc.string({ unit: 'grapheme', maxLength: 200 }),
  }),
  fc.record({ does: fc.constant('double' as const), row: fc.nat() }),
  fc.record({ does: fc.constant('filter' as const), stream: fc.nat(3) }),
  fc.record({ does: fc.constant('field' as const), row: fc.nat(), value: fc.string({ maxLength: 50 }) }),
);

function fill(draft: Draft, row: number, { text, stream, seconds, fields }: Line): void {
  const bytes = Buffer.from(text);
  const start = draft.append(bytes, 0, bytes.length);
  draft.setLine(row, start, draft.tail);
  draft.stream[row] = stream;
  draft.seconds[row] = seconds;
  for (const [name, value] of fields) draft.fields().addText(row, fieldName(name), value);
}

function linesOf(draft: Draft): Line[] {
  return Array.from({ length: draft.length }, (_, row) => ({
    text: draft.text(row),
    stream: draft.stream[row],
    seconds: draft.seconds[row],
    fields: draft.metadata?.pairs(row) ?? [],
  }));
}

function batchOf(lines: readonly Line[]): Batch {
  const bytes = lines.map(({ text }) => Buffer.from(text));
  const batch = new Batch(Buffer.concat([Buffer.from('not theirs'), ...bytes, Buffer.from('nor this')]), 64);
  let at = 10;
  for (const [i, { stream, seconds }] of lines.entries()) {
    batch.add(at, at + bytes[i].length, stream, seconds, 0, 0);
    at += bytes[i].length;
  }
  return batch;
}

test('whatever is done to it: the same as a list, and the batch it was loaded from stays', () => {
  const draft = new Draft();
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.array(step, { maxLength: 30 }), (given, steps) => {
      const batch = batchOf(given);
      const arena = Buffer.from(batch.arena);
      draft.load(batch);
      let model: Line[] = given.map((line) => ({ ...line, fields: [] }));
      for (const step of steps) {
        if (step.does === 'add') {
          const { line } = step;
          const row = draft.addLine(Buffer.from(line.text), line.stream, { ...line, nanos: 0, flags: 0 });
          for (const [name, value] of line.fields) draft.fields().addText(row, fieldName(name), value);
          model.push({ ...line });
        } else if (step.does === 'front') {
          draft.insertFront(step.lines.length);
          for (const [row, line] of step.lines.entries()) fill(draft, row, line);
          model = [...step.lines.map((line) => ({ ...line })), ...model];
        } else if (step.does === 'filter') {
          const gone = draft.filter((row) => draft.stream[row] !== step.stream);
          const kept = model.filter(({ stream }) => stream !== step.stream);
          expect(gone).toBe(model.length - kept.length);
          model = kept;
        } else if (model.length > 0) {
          const row = step.row % model.length;
          if (step.does === 'replace') {
            const bytes = Buffer.from(step.text);
            const start = draft.append(bytes, 0, bytes.length);
            draft.setLine(row, start, draft.tail);
            model[row] = { ...model[row], text: step.text };
          } else if (step.does === 'double') {
            const half = draft.append(draft.arena, draft.start[row], draft.end[row]);
            draft.append(draft.arena, draft.start[row], draft.end[row]);
            draft.setLine(row, half, draft.tail);
            model[row] = { ...model[row], text: model[row].text + model[row].text };
          } else {
            draft.fields().addText(row, fieldName('c'), step.value);
            model[row] = { ...model[row], fields: [...model[row].fields, ['c', step.value]] };
          }
        }
      }
      expect(linesOf(draft)).toEqual(model);
      expect(batch.arena).toEqual(arena);
      const copy = new Draft();
      copy.load(draft);
      expect(linesOf(copy)).toEqual(model);
    }),
    { numRuns: 300 },
  );
});

test('more rows than it has room for', () => {
  const draft = new Draft();
  const texts = Array.from({ length: 3000 }, (_, i) => String(i));
  for (const text of texts) {
    const row = draft.addLine(Buffer.from(text), 1, { seconds: 1, nanos: 2, flags: 0 });
    draft.fields().addText(row, fieldName('n'), text);
  }
  expect(linesOf(draft)).toEqual(
    texts.map((text) => ({ text, stream: 1, seconds: 1, fields: [['n', text]] })),
  );
});
