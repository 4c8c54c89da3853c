import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ContainerEvent, EventDecoder } from './events.js';

const ID = 'ab'.repeat(32);

function line(action: string, name: string, labels: Record<string, string> = {}): string {
  const Attributes = { name, image: 'nginx', ...labels };
  return `${JSON.stringify({ Type: 'container', Action: action, Actor: { ID, Attributes }, time: 1_795_306_568 })}\n`;
}

function decode(chunks: readonly Buffer[]): ContainerEvent[] {
  const events: ContainerEvent[] = [];
  const decoder = new EventDecoder((event) => events.push(event));
  for (const chunk of chunks) expect(decoder.push(chunk)).toBe(true);
  return events;
}

test('an event', () => {
  expect(decode([Buffer.from(line('rename', 'web', { team: 'a' }))])).toEqual([
    { action: 'rename', id: ID, name: 'web', image: 'nginx', labels: { team: 'a' }, seconds: 1_795_306_568 },
  ]);
});

test('the same events come out however the bytes are cut, with garbage between them', () => {
  const garbage = fc.constantFrom(
    '\n',
    'null\n',
    '{"Action":\n',
    '[]\n',
    line('exec_start', 'x'),
    '{"Actor":7}\n',
  );
  const event = fc.tuple(
    fc.constantFrom('create', 'start', 'die', 'destroy'),
    fc.string({ unit: 'grapheme' }),
  );
  const lines = fc.array(fc.oneof(event, garbage), { maxLength: 20 });
  fc.assert(
    fc.property(lines, fc.array(fc.nat(4_000), { maxLength: 10 }), (items, cuts) => {
      const bytes = Buffer.from(
        items.map((item) => (typeof item === 'string' ? item : line(...item))).join(''),
      );
      const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
      const expected = items.filter((item) => typeof item !== 'string');
      expect(decode(chunks).map(({ action, name }) => [action, name])).toEqual(expected);
    }),
  );
});

test('a line without an end is refused', () => {
  const decoder = new EventDecoder(() => {});
  const chunk = Buffer.alloc(600 * 1024, 'x');
  expect(decoder.push(chunk)).toBe(true);
  expect(decoder.push(chunk)).toBe(false);
});
