import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.js';

class SlowOutput {
  readonly written: string[] = [];
  isSlow = false;
  drain: () => void = () => {};
  write(text: string): boolean {
    this.written.push(text);
    return !this.isSlow;
  }
  onDrain(callback: () => void): void {
    this.drain = callback;
  }
}

function event(i: number): string {
  return `${String(i).padStart(5, '0')}${'.'.repeat(1019)}`;
}

test('what is not taken in time is counted, and told where it would have been', () => {
  const output = new SlowOutput();
  const queue = new EventQueue(output);
  output.isSlow = true;
  queue.line('first ');
  queue.flush();
  for (let i = 0; i < 3000; i++) {
    queue.line(event(i));
    queue.flush();
  }
  expect(output.written).toEqual(['first ']);

  output.isSlow = false;
  output.drain();
  queue.line(event(3000));
  queue.flush();
  const kept = 512;
  const expected = Array.from({ length: kept }, (_, i) => event(i)).join('');
  expect(output.written.slice(1)).toEqual([
    `${expected}event: skipped\ndata: {"lines":${3000 - kept}}\n\n`,
    event(3000),
  ]);
  expect(queue.isEmpty).toBe(true);
});

test('lines skipped elsewhere are told before the next line, and alone where none follows', () => {
  const output = new SlowOutput();
  const queue = new EventQueue(output);
  queue.line('a ');
  queue.skip(2);
  queue.skip(3);
  queue.line('b ');
  queue.skip(1);
  queue.flush();
  queue.flush();
  expect(output.written).toEqual([
    'a event: skipped\ndata: {"lines":5}\n\nb event: skipped\ndata: {"lines":1}\n\n',
  ]);
});
