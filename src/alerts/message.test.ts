import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Alert, WebhookType } from './alert.js';
import { messageOf, type Occurrence } from './message.js';
import type { Firing } from './watch.js';

const TIME = '2026-11-22T12:00:00.000Z';

function alert(type: WebhookType, url = 'https://example.org/hooks/T0', name = 'Slow answers'): Alert {
  return {
    id: '1',
    name,
    query: '|= "timeout"',
    threshold: 3,
    windowSeconds: 60,
    coolDownSeconds: 300,
    sendResolved: true,
    webhook: { type, url },
    enabled: true,
  };
}

function firing(...lines: string[]): Firing {
  const samples = lines.map((line) => {
    return { time: TIME, container: 'web', stream: 'stdout', level: 'error' as const, line };
  });
  return { matches: 12, samples };
}

function body(type: WebhookType, given: Occurrence, name?: string): Record<string, unknown> {
  return JSON.parse(messageOf(alert(type, undefined, name), given, TIME).body);
}

describe('a message', () => {
  test('has the form that each service takes', () => {
    const lines = firing('timeout 1', 'timeout 2');
    expect(body('slack', lines)).toEqual({
      text: '*Slow answers*: 12 lines in 60 s (threshold 3)\n```\nweb | timeout 1\nweb | timeout 2\n```',
      unfurl_links: false,
      unfurl_media: false,
    });
    expect(body('discord', lines)).toEqual({
      content: '**Slow answers**: 12 lines in 60 s (threshold 3)\n```\nweb | timeout 1\nweb | timeout 2\n```',
      allowed_mentions: { parse: [] },
      flags: 4,
    });
    expect(body('ntfy', lines)).toEqual({
      topic: 'T0',
      title: 'Slow answers',
      message: '12 lines in 60 s (threshold 3)\nweb | timeout 1\nweb | timeout 2',
      priority: 4,
      tags: ['warning'],
    });
    expect(body('json', lines)).toEqual({
      alert: { id: '1', name: 'Slow answers', query: '|= "timeout"', threshold: 3, windowSeconds: 60 },
      time: TIME,
      test: false,
      resolved: false,
      matches: 12,
      lines: lines.samples,
    });
    expect(body('slack', 'test')).toMatchObject({ text: '*Slow answers*: this is a test' });
    expect(body('json', 'test')).toMatchObject({ test: true, resolved: false, matches: 0, lines: [] });
    expect(body('slack', 'over')).toMatchObject({
      text: '*Slow answers*: it is over: fewer than 3 lines in 60 s',
    });
    expect(body('discord', 'over')).toMatchObject({
      content: '**Slow answers**: it is over: fewer than 3 lines in 60 s',
    });
    expect(body('ntfy', 'over')).toMatchObject({ priority: 3, tags: ['white_check_mark'] });
    expect(body('json', 'over')).toMatchObject({ test: false, resolved: true, matches: 0, lines: [] });
  });

  test('goes where it should, with user and password as a header', () => {
    const { url, headers } = messageOf(
      alert('ntfy', 'https://me:pass%20word@ntfy.example.org/base/my%20topic?up=1'),
      'test',
      TIME,
    );
    expect(url.href).toBe('https://ntfy.example.org/base/?up=1');
    expect(headers['authorization']).toBe(`Basic ${Buffer.from('me:pass word').toString('base64')}`);
    expect(JSON.parse(messageOf(alert('ntfy', 'http://h/my%20topic/'), 'test', TIME).body).topic).toBe(
      'my topic',
    );
    expect(messageOf(alert('slack'), 'test', TIME).url.href).toBe('https://example.org/hooks/T0');
  });

  test('holds lines as text and nothing else, cut, whatever they are', () => {
    const part = fc.constantFrom(
      '@everyone',
      '<!channel>',
      '<@U1>',
      '```',
      '`',
      '&',
      '<',
      '>',
      '*b*',
      '\n',
      '\u001b[31m',
      '\u001b]0;t\u0007',
      '\u202e',
      '\0',
      'https://evil.example/x',
      'é😀',
      'x'.repeat(600),
      '😀'.repeat(600),
      ']()',
      '\\',
    );
    const line = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 3 }), line, (lines, long) => {
        const name = long.slice(0, 100).toWellFormed();
        const given = firing(...lines);
        const slack = body('slack', given, name)['text'] as string;
        // Entities are the only signs that mean something.
        expect(slack.replace(/&(amp|lt|gt);/g, '')).not.toMatch(/[<>&]/);
        expectBlock(slack, lines.length);
        const discord = body('discord', given, name);
        expect(discord['allowed_mentions']).toEqual({ parse: [] });
        expect((discord['content'] as string).length).toBeLessThanOrEqual(2000);
        expectBlock(discord['content'] as string, lines.length);
        for (const text of [slack, discord['content'] as string, JSON.stringify(body('ntfy', given, name))]) {
          expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
          expect(text.isWellFormed()).toBe(true);
        }
        for (const { line } of body('json', given, name)['lines'] as { line: string }[])
          expect(line.length).toBeLessThanOrEqual(500);
      }),
      { numRuns: 500 },
    );
  });
});

/** As many lines as were given in one block of code at the end, which nothing ends before. */
function expectBlock(text: string, lines: number): void {
  const parts = text.split('```');
  expect(parts.length).toBe(lines === 0 ? 1 : 3);
  if (lines === 0) return;
  expect(parts[2]).toBe('');
  expect(parts[1].split('\n').length).toBe(lines + 2);
  expect(parts[1]).not.toContain('`');
}
