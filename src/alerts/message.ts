/**
 * What is posted where an alert fires or is over, in the form that each service takes. Lines are written by anybody, so that they must
 * be text there and nothing else: no mention of everybody, no link, no formatting, no control characters.
 *
 *   slack    { text, unfurl_links, unfurl_media }   & < > are entities; lines in a block of code; Mattermost takes it too
 *   discord  { content, allowed_mentions, flags }   at most 2,000 characters, nobody is mentioned, no previews
 *   ntfy     { topic, title, message, priority, tags } at the address above the topic
 *   json     { alert, time, test, resolved, matches, lines } lines as they were written, as JSON
 */
import { terminalText } from '../runtime/terminal-text.js';
import type { Alert, Webhook, WebhookType } from './alert.js';
import type { Firing, Sample } from './watch.js';

export interface Message {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAX_LINE = 500;
const ELLIPSIS = '…';
/** Discord's limit is 2,000 for all. */
const MAX_DISCORD = 1900;
/** Previews of links are left out. */
const SUPPRESS_EMBEDS = 4;
const NTFY_HIGH = 4;
const NTFY_USUAL = 3;

interface Posted {
  /** Of the address; its own where it is left out. */
  readonly path?: string;
  readonly body: unknown;
}

/** It fires, it is over, or somebody tries the address. */
export type Occurrence = Firing | 'over' | 'test';

interface Occasion {
  readonly alert: Alert;
  readonly occurrence: Occurrence;
  /** RFC 3339. */
  readonly time: string;
  /** What happened, in words that need no escapes. */
  readonly sentence: string;
  readonly lines: readonly Sample[];
  /** Path of the address. */
  readonly path: string;
}

const FORMS: Readonly<Record<WebhookType, (occasion: Occasion) => Posted>> = { slack, discord, ntfy, json };

/** `time` is RFC 3339. */
export function messageOf(alert: Alert, occurrence: Occurrence, time: string): Message {
  const { webhook } = alert;
  const { url, headers } = target(webhook);
  const lines = typeof occurrence === 'string' ? [] : occurrence.samples;
  const sentence = sentenceOf(alert, occurrence);
  const occasion = { alert, occurrence, time, sentence, lines, path: url.pathname };
  const { path = url.pathname, body } = FORMS[webhook.type](occasion);
  url.pathname = path;
  return { url, headers, body: JSON.stringify(body) };
}

function sentenceOf({ windowSeconds, threshold }: Alert, occurrence: Occurrence): string {
  if (occurrence === 'test') return 'this is a test';
  if (occurrence === 'over')
    return `it is over: fewer than ${threshold} ${threshold === 1 ? 'line' : 'lines'} in ${windowSeconds} s`;
  const { matches } = occurrence;
  return `${matches} ${matches === 1 ? 'line' : 'lines'} in ${windowSeconds} s (threshold ${threshold})`;
}

/** User and password of the address go into a header. */
function target({ url: text }: Webhook): { url: URL; headers: Record<string, string> } {
  const url = new URL(text);
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'log-capturer',
  };
  if (url.username !== '' || url.password !== '') {
    const user = `${decoded(url.username)}:${decoded(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  return { url, headers };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function slack({ alert, sentence, lines }: Occasion): Posted {
  const text = [`*${slackText(alert.name)}*: ${sentence}`, ...slackBlock(lines)].join('\n');
  return { body: { text, unfurl_links: false, unfurl_media: false } };
}

function discord({ alert, sentence, lines }: Occasion): Posted {
  const content = [`**${markdown(alert.name)}**: ${sentence}`, ...discordBlock(lines)].join('\n');
  return { body: { content, allowed_mentions: { parse: [] }, flags: SUPPRESS_EMBEDS } };
}

function ntfy({ alert, occurrence, sentence, lines, path }: Occasion): Posted {
  const isOver = occurrence === 'over';
  const topicAt = path.replace(/\/$/, '').lastIndexOf('/') + 1;
  const topic = decoded(path.slice(topicAt).replace(/\/$/, ''));
  const message = [sentence, ...lines.map(lineText)].join('\n');
  return {
    path: path.slice(0, topicAt) || '/',
    body: {
      topic,
      title: plain(alert.name),
      message,
      priority: isOver ? NTFY_USUAL : NTFY_HIGH,
      tags: [isOver ? 'white_check_mark' : 'warning'],
    },
  };
}

function json({ alert, occurrence, time, lines }: Occasion): Posted {
  const { id, name, query, threshold, windowSeconds } = alert;
  const said = { id, name, query, threshold, windowSeconds };
  const matches = typeof occurrence === 'string' ? 0 : occurrence.matches;
  return {
    body: {
      alert: said,
      time,
      test: occurrence === 'test',
      resolved: occurrence === 'over',
      matches,
      lines: lines.map(cutSample),
    },
  };
}

function cutSample(sample: Sample): Sample {
  return { ...sample, line: cut(sample.line) };
}

/** `container | line`, with nothing but text. */
function lineText({ container, line }: Sample): string {
  return cut(plain(`${container} | ${line}`).replaceAll('\n', ' '));
}

function plain(text: string): string {
  return terminalText(text, false);
}

function cut(text: string): string {
  return text.length <= MAX_LINE ? text : `${head(text, MAX_LINE - 1)}${ELLIPSIS}`;
}

/** No character is divided. */
function head(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

function slackText(text: string): string {
  return entities(plain(text).replace(/[*_~`]/g, ' '));
}

/** Nothing ends the block: its quotes are others. */
function slackBlock(lines: readonly Sample[]): string[] {
  if (lines.length === 0) return [];
  const texts = lines.map((line) => entities(unquoted(lineText(line))));
  return ['```', ...texts, '```'];
}

function entities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unquoted(text: string): string {
  return text.replaceAll('`', 'ˋ');
}

function markdown(text: string): string {
  return plain(text).replace(/[\\*_~`|<>@#[\]()]/g, '\\$&');
}

function discordBlock(lines: readonly Sample[]): string[] {
  if (lines.length === 0) return [];
  const texts = lines.map((line) => unquoted(lineText(line)));
  const most = Math.floor(MAX_DISCORD / (texts.length + 1));
  return ['```', ...texts.map((text) => head(text, most)), '```'];
}
