/** `clients`: each is a sink of type loki. */
import { componentName, type Draft, given, type Tree } from './draft.js';
import type { Section } from './section.js';
import { duration, isTrue, whole } from './units.js';

const KIB = 1024;

export function convertClients(root: Section, draft: Draft): void {
  const single = root.section('client');
  const clients = [...(single ? [single] : []), ...root.sections('clients')];
  for (const client of clients) {
    const name = componentName(client.text('name') || 'loki', draft.sinks);
    draft.sinks[name] = sinkOf(client, draft);
  }
  shareLabels(clients, draft);
}

function sinkOf(client: Section, draft: Draft): Tree {
  if (client.has('backoff_config')) {
    client.pass('backoff_config');
    draft.different(
      client.place('backoff_config'),
      'not needed: what Loki does not take waits in the history, and is tried again without end.',
    );
  }
  if (client.has('drop_rate_limited_batches')) {
    const isDropped = isTrue(client.text('drop_rate_limited_batches'));
    if (isDropped)
      draft.missing(
        client.place('drop_rate_limited_batches'),
        'what Loki limits (429) is tried again, never dropped; use a processor "rate_limit" or "sample" to send less.',
      );
  }
  return given({
    type: 'loki',
    url: client.text('url'),
    tenant: client.text('tenant_id') || undefined,
    ...loginOf(client),
    tls: tlsOf(client.section('tls_config')),
    proxy_url: client.text('proxy_url') || undefined,
    timeout: duration(client.text('timeout'), 1000),
    batch_wait: duration(client.text('batchwait')),
    batch_bytes: whole(client.text('batchsize'), 64 * KIB, 3 * KIB * KIB),
  });
}

function loginOf(client: Section): Tree {
  const basic = client.section('basic_auth');
  const authorization = client.section('authorization');
  const isBearer = /^(?:bearer)?$/i.test(authorization?.text('type') ?? '');
  const bearer = isBearer ? authorization : undefined;
  return {
    username: basic?.text('username'),
    password: basic?.text('password'),
    password_file: basic?.text('password_file'),
    bearer_token: client.text('bearer_token') ?? bearer?.text('credentials'),
    bearer_token_file: client.text('bearer_token_file') ?? bearer?.text('credentials_file'),
  };
}

function tlsOf(tls: Section | undefined): Tree {
  if (!tls) return {};
  const isTrusting = isTrue(tls.text('insecure_skip_verify'));
  return given({
    ca_file: tls.text('ca_file'),
    cert_file: tls.text('cert_file'),
    key_file: tls.text('key_file'),
    server_name: tls.text('server_name'),
    insecure_skip_verify: isTrusting || undefined,
  });
}

/** Labels are on every stream, for all sinks: those that all clients agree on. */
function shareLabels(clients: readonly Section[], draft: Draft): void {
  const all = clients.map((client) => client.entries('external_labels'));
  for (const { name, value, ...place } of all.flat()) {
    const isShared = all.every((labels) =>
      labels.some((label) => label.name === name && label.value === value),
    );
    if (isShared) draft.top['labels'] = { ...(draft.top['labels'] as Tree | undefined), [name]: value };
    else
      draft.missing(
        place,
        'labels are the same for all sinks; where it may be everywhere, put it into labels at the top.',
      );
  }
}
