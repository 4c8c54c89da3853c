/** A sink of type loki. */
import { z } from 'zod';
import { duration, flag, labelName, size, textLike } from '../../leaves.js';
import { webAddress } from '../../secrets.js';
import { section } from '../../section.js';
import type { LokiSinkConfig } from '../../types.js';
import { DAY, MATCH, MIB, match, SECOND, TYPE } from '../shared.js';
import { batch, login, way } from './request-keys.js';

// Loki's own rule for the name of a tenant.
const tenant = textLike(
  "a tenant: letters, digits and !-_.*'(), at most 150",
  "^[A-Za-z0-9!_.*'()-]{1,150}$",
);

export const loki = section<LokiSinkConfig>({
  type: ['type', z.literal('loki'), TYPE],
  match: ['match', match().optional(), MATCH],
  url: ['url', webAddress('http://127.0.0.1:3100'), 'Address of Loki, or of the whole push endpoint.'],
  tenant: ['tenant', tenant.optional(), 'Sent as X-Scope-OrgID.'],
  tenantLabel: [
    'tenant_label',
    labelName().optional(),
    'Label whose value is the tenant of a stream; streams without it go to tenant.',
  ],
  ...login,
  ...way,
  structuredMetadata: [
    'structured_metadata',
    flag().default(true),
    'Send the fields of lines; false for a Loki that takes none (allow_structured_metadata, schema v13).',
  ],
  ...batch,
  batchWaitMs: [
    'batch_wait',
    duration(0, '1s').default(0),
    'How long lines may wait for others, so that there are fewer requests. With 0 what a commit of the history brings is sent at once.',
  ],
  batchBytes: [
    'batch_bytes',
    size(64 * 1024, '1MiB', 3 * MIB).default(MIB),
    'Most bytes of a request before compression; Loki refuses more than 4MiB.',
  ],
  maxLineBytes: [
    'max_line_bytes',
    size(1024, '256KiB', MIB).default(256 * 1024),
    "Longer lines are cut; Loki's max_line_size.",
  ],
  maxAgeMs: [
    'max_age',
    duration(SECOND, '7d').default(7 * DAY),
    "Older lines are rejected before they are sent; Loki's reject_old_samples_max_age.",
  ],
});
