/** What `/api/v1/alerts` takes, and what a form must hold before it is sent. */
import type { AlertView as Alert } from '../../../src/alerts/shape.js';
import { counted } from '../lib/format.js';

export const WEBHOOK_TYPES = ['slack', 'discord', 'ntfy', 'json'] as const satisfies readonly WebhookType[];

export type WebhookType = Alert['webhook']['type'];

/** What is typed. */
export interface Draft {
  readonly name: string;
  readonly query: string;
  readonly threshold: string;
  readonly window: string;
  readonly coolDown: string;
  readonly type: WebhookType;
  /** Empty, where an alert is changed: it stays as it is. */
  readonly url: string;
  readonly sendResolved: boolean;
  readonly enabled: boolean;
}

/** What is sent. */
export interface Wanted {
  readonly name: string;
  readonly query: string;
  readonly threshold: number;
  readonly windowSeconds: number;
  readonly coolDownSeconds: number;
  readonly sendResolved: boolean;
  readonly webhook: { readonly type: WebhookType; readonly url?: string };
  readonly enabled: boolean;
}

export type Faults = Partial<Record<keyof Draft, string>>;

export const NEW: Draft = {
  name: '',
  query: '',
  threshold: '10',
  window: '5m',
  coolDown: '15m',
  type: 'slack',
  url: '',
  sendResolved: false,
  enabled: true,
};

/** The agent's own bounds. */
const MAX_NAME = 100;
const MAX_THRESHOLD = 1_000_000;
const MAX_WINDOW_S = 3600;
const COOL_DOWN_S = { least: 10, most: 7 * 86_400 };
const MOST_WINDOWS = 120;

export function draftOf(alert: Alert): Draft {
  const { name, query, threshold, windowSeconds, coolDownSeconds, sendResolved, webhook, enabled } = alert;
  return {
    name,
    query,
    threshold: String(threshold),
    window: spanText(windowSeconds),
    coolDown: spanText(coolDownSeconds),
    type: webhook.type,
    url: '',
    sendResolved,
    enabled,
  };
}

/** Either what is to be sent, or what is wrong, by field. `before`: the alert that is changed. */
export function judge(
  draft: Draft,
  before?: Alert,
): { readonly wanted: Wanted } | { readonly faults: Faults } {
  const faults: Faults = {};
  const name = draft.name.trim();
  if (name === '') faults.name = 'Give it a name: the message begins with it.';
  if (name.length > MAX_NAME) faults.name = `At most ${MAX_NAME} characters.`;
  const threshold = /^\d{1,9}$/.test(draft.threshold.trim()) ? Number(draft.threshold) : 0;
  if (threshold < 1 || threshold > MAX_THRESHOLD) faults.threshold = 'A whole number from 1 to 1,000,000.';
  const windowSeconds = parseSpan(draft.window);
  if (windowSeconds === undefined || windowSeconds < 1 || windowSeconds > MAX_WINDOW_S)
    faults.window = 'A time from 1s to 1h, such as 30s or 5m.';
  const coolDownSeconds = parseSpan(draft.coolDown);
  if (
    coolDownSeconds === undefined ||
    coolDownSeconds < COOL_DOWN_S.least ||
    coolDownSeconds > COOL_DOWN_S.most
  )
    faults.coolDown = 'A time from 10s to 7d, such as 15m or 1h.';
  const url = draft.url.trim();
  // The old address holds a secret of the old service.
  const keepsUrl = url === '' && before?.webhook.type === draft.type;
  if (!keepsUrl && !isWebAddress(url)) faults.url = 'An address that begins with https:// or http://.';
  if (Object.keys(faults).length > 0 || windowSeconds === undefined || coolDownSeconds === undefined)
    return { faults };
  const { query, type, sendResolved, enabled } = draft;
  const webhook = keepsUrl ? { type } : { type, url };
  return {
    wanted: {
      name,
      query: query.trim(),
      threshold,
      windowSeconds,
      coolDownSeconds,
      sendResolved,
      webhook,
      enabled,
    },
  };
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `90s`, `5m`, `1h 30m`, or of a plain number; undefined where it is no time. */
export function parseSpan(text: string): number | undefined {
  const plain = text.replaceAll(/\s+/g, '').toLowerCase();
  if (/^\d{1,9}$/.test(plain)) return Number(plain);
  if (!/^(?:\d{1,9}[smhd])+$/.test(plain)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of plain.matchAll(/(\d+)([smhd])/g)) seconds += Number(count) * UNITS[unit];
  return seconds;
}

/** As `parseSpan` takes it: `1h30m`. */
export function spanText(seconds: number): string {
  if (seconds <= 0) return '0s';
  let text = '';
  let left = seconds;
  for (const [unit, size] of Object.entries(UNITS).reverse()) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}

/** Into how many windows the last hour is cut to try a draft on it; undefined where its window is none. */
export function windowsOf({ window }: Pick<Draft, 'window'>): number | undefined {
  const seconds = parseSpan(window);
  if (seconds === undefined || seconds < 1 || seconds > MAX_WINDOW_S) return undefined;
  return Math.min(MOST_WINDOWS, Math.floor(3600 / seconds));
}

/** All levels together, by bucket. */
export function totals(levels: Readonly<Record<string, readonly number[]>>): number[] {
  const sums: number[] = [];
  for (const counts of Object.values(levels))
    for (const [at, count] of counts.entries()) sums[at] = (sums[at] ?? 0) + count;
  return sums;
}

/** In words: how often the alert would have been at its threshold, if windows stood side by side. */
export function trialSentence(counts: readonly number[], threshold: number): string {
  const found = counted(
    counts.reduce((sum, count) => sum + count, 0),
    'line',
  );
  const reached = counts.filter((count) => count >= threshold).length;
  const often =
    reached === 0
      ? 'the threshold was not reached'
      : `the threshold was reached in ${reached} of ${counted(counts.length, 'window')}`;
  return `This query matched ${found} in the last hour; ${often}.`;
}
