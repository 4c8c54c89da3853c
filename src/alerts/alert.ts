/** An alert: a saved search, how many lines in which time are too many, and whom to tell. */
import { parseQuery } from '../query/index.js';
import type { Alert, Webhook, WebhookType } from './shape.js';

export type { Alert, Webhook, WebhookType } from './shape.js';

export const WEBHOOK_TYPES = ['slack', 'discord', 'ntfy', 'json'] as const satisfies readonly WebhookType[];

export const MAX_THRESHOLD = 1_000_000;
export const MAX_WINDOW_S = 3600;
export const MIN_COOL_DOWN_S = 10;
export const MAX_COOL_DOWN_S = 7 * 86_400;
const MAX_NAME = 100;
const MAX_URL = 2000;
const DEFAULTS = {
  threshold: 1,
  windowSeconds: 60,
  coolDownSeconds: 300,
  sendResolved: false,
  enabled: true,
};
const KEYS = ['name', 'query', 'webhook', ...Object.keys(DEFAULTS)];

/** What the page sent is no alert: `message` says why. */
export class NoAlert extends Error {}

/** What the page sent, as an alert with this id. Throws NoAlert, or the QueryError of its query. `before` is the one that it is to replace. */
export function readAlert(given: unknown, id: string, before?: Alert): Alert {
  const fields = fieldsOf(given, KEYS, 'An alert');
  const { name, query, threshold, windowSeconds, coolDownSeconds, sendResolved, enabled, webhook } = {
    ...(before ?? DEFAULTS),
    ...fields,
  } as Record<keyof Alert, unknown>;
  if (typeof name !== 'string' || name.trim() === '' || name.length > MAX_NAME || /\p{Cc}/u.test(name))
    throw new NoAlert(`name must be a line of 1 to ${MAX_NAME} characters.`);
  if (typeof query !== 'string') throw new NoAlert('query must be a text; "" means every line.');
  parseQuery(query);
  if (typeof sendResolved !== 'boolean') throw new NoAlert('sendResolved must be true or false.');
  if (typeof enabled !== 'boolean') throw new NoAlert('enabled must be true or false.');
  return {
    id,
    name: name.trim(),
    query,
    threshold: whole(threshold, 'threshold', 1, MAX_THRESHOLD),
    windowSeconds: whole(windowSeconds, 'windowSeconds', 1, MAX_WINDOW_S),
    coolDownSeconds: whole(coolDownSeconds, 'coolDownSeconds', MIN_COOL_DOWN_S, MAX_COOL_DOWN_S),
    sendResolved,
    webhook: readWebhook(webhook, before?.webhook),
    enabled,
  };
}

/** Where no URL is given, or the shown form of the one before, it stays. */
function readWebhook(given: unknown, before: Webhook | undefined): Webhook {
  const { type = before?.type, url = before?.url } = fieldsOf(given, ['type', 'url'], 'webhook');
  if (!WEBHOOK_TYPES.some((known) => known === type))
    throw new NoAlert(`webhook.type must be one of ${WEBHOOK_TYPES.join(', ')}.`);
  if (before && url === shownUrl(before.url)) return { type: type as WebhookType, url: before.url };
  if (typeof url !== 'string' || !isWebhookUrl(url))
    throw new NoAlert('webhook.url must be an address with http:// or https://.');
  return { type: type as WebhookType, url };
}

function fieldsOf(given: unknown, known: readonly string[], what: string): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new NoAlert(`${what} must be an object.`);
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new NoAlert(`Unknown field ${unknown.slice(0, 50)}; accepted are ${known.join(', ')}.`);
  return given as Record<string, unknown>;
}

function whole(value: unknown, name: string, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  throw new NoAlert(`${name} must be a whole number from ${least} to ${most}.`);
}

export function isWebhookUrl(url: string): boolean {
  return /^https?:\/\/[^\s\\#]+$/i.test(url) && url.length <= MAX_URL && URL.canParse(url);
}

/** Where it goes, without what is secret of it. */
export function shownUrl(url: string): string {
  return `${new URL(url).origin}/…`;
}
