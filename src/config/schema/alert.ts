/** An entry of `alerts:`. */
import { MAX_COOL_DOWN_S, MAX_THRESHOLD, MAX_WINDOW_S, MIN_COOL_DOWN_S } from '../../alerts/alert.js';
import { duration, flag, oneOf, whole } from '../leaves.js';
import { secretAddress } from '../secrets.js';
import { section } from '../section.js';
import type { AlertConfig, WebhookConfig } from '../types.js';
import { MINUTE, query, SECOND } from './shared.js';

const webhook = section<WebhookConfig>({
  type: [
    'type',
    oneOf('slack', 'discord', 'ntfy', 'json'),
    'What is posted: the form of a service, or plain JSON.',
  ],
  url: ['url', secretAddress(), 'Where to; it is a secret. For ntfy: the address of the topic.'],
});

export const alert = section<AlertConfig>({
  query: ['query', query(), 'Which lines, as on the page; in quotes, because of the braces. "": every line.'],
  threshold: [
    'threshold',
    whole(1, MAX_THRESHOLD, 10).default(1),
    'So many lines within the window are too many.',
  ],
  windowMs: [
    'window',
    duration(SECOND, '60s', MAX_WINDOW_S * SECOND).default(MINUTE),
    'The time in which they come.',
  ],
  coolDownMs: [
    'cool_down',
    duration(MIN_COOL_DOWN_S * SECOND, '5m', MAX_COOL_DOWN_S * SECOND).default(5 * MINUTE),
    'So long after it fired it does not fire again.',
  ],
  webhook: ['webhook', webhook, 'Whom to tell.'],
  sendResolved: [
    'send_resolved',
    flag().default(false),
    'Tell also when it is over: when the window holds fewer lines than the threshold again.',
  ],
  enabled: ['enabled', flag().default(true), 'Whether it is watched.'],
});
