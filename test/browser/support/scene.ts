/**
 * A small shop with a past, for the pictures: compose projects of services that chatter, an hour of what they said before, one
 * receiver that takes all but long lines, one that is down, a log that was cut by hand.
 */
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Agent } from '../../support/agent.js';
import type * as Chatter from '../../support/chatter.mjs';
import { type EngineFacts, SUPPORT_FOLDER } from '../../support/engine.js';
import { EngineApi, eachLimited } from '../../support/engine-api.js';
import { chatterCommand } from '../../support/image.js';
import { type LokiReceiver, startLoki } from '../../support/loki/receiver.js';
import { freePort } from '../../support/ports.js';
import { Webhooks } from './webhooks.js';

// Not part of the build: containers run it as it is.
const { CHATTER_SERVICES, chatter, pauseAfter } = (await import(
  pathToFileURL(path.join(SUPPORT_FOLDER, 'chatter.mjs')).href
)) as typeof Chatter;

const PAST_MS = 65 * 60_000;
/** Between what a service says, on average. */
const MEAN_MS: Readonly<Record<string, number>> = {
  web: 300,
  api: 350,
  checkout: 900,
  postgres: 1_200,
  worker: 800,
  mailer: 1_500,
  redis: 6_000,
  importer: 500,
};
const PROJECT = 'shop';
/** In no compose project. */
const ALONE = new Set(['redis', 'importer']);
/** Whose log is cut by hand, so that lines of it are gone. */
const CUT = 'importer';
/** A Loki of that limit refuses what `importer` says when it debugs. */
const LONGEST_LINE = 320;

export interface Scene {
  readonly agent: Agent;
  close(): Promise<void>;
}

/** `folder` gets all that the agent keeps. Resolves when the agent has read the past, and what is to go wrong has. */
export async function startScene(facts: EngineFacts, folder: string): Promise<Scene> {
  const api = new EngineApi(facts.endpoint, facts.run);
  const ids = new Map<string, string>();
  await eachLimited(CHATTER_SERVICES, 4, async (service) => {
    ids.set(service, await startWithPast(api, facts.image, service));
  });
  const loki = await startLoki({ limits: { maxLineBytes: LONGEST_LINE } });
  const webhooks = await Webhooks.start();
  const agent = await Agent.start({ folder, config: await configOf(facts, folder, loki, webhooks) });
  await agent.ready();
  await loki.until(() => loki.ledger.taken > 10_000, 120_000, 'the past of the services');
  truncateSync((await api.inspect(ids.get(CUT) ?? '')).LogPath, 0);
  return {
    agent,
    close: async () => {
      await agent.stop();
      await loki.close();
      await webhooks.close();
      await eachLimited([...ids.values()], 8, async (id) => api.remove(id));
      api.close();
    },
  };
}

async function configOf(
  facts: EngineFacts,
  folder: string,
  loki: LokiReceiver,
  webhooks: Webhooks,
): Promise<object> {
  const nobody = await freePort();
  return {
    labels: { env: 'prod' },
    sources: {
      containers: {
        type: 'docker',
        endpoint: facts.endpoint,
        start_at: 'beginning',
        include: { names: CHATTER_SERVICES.map(containerOf) },
      },
    },
    alerts: {
      'payments-fail': {
        query: '{compose_service="checkout"} |= "could not charge"',
        threshold: 2,
        window: '5m',
        webhook: { type: 'json', url: webhooks.url },
      },
      'disk-is-full': {
        query: '{compose_service="postgres"} |= "No space left on device"',
        webhook: { type: 'ntfy', url: `${webhooks.url}/topic` },
      },
    },
    sinks: {
      loki: { type: 'loki', url: loki.url },
      'loki-backup': { type: 'loki', url: `http://127.0.0.1:${nobody}`, match: '{compose_project="shop"}' },
      local: { type: 'file', directory: path.join(folder, 'logs') },
    },
  };
}

const containerOf = (service: string): string => (ALONE.has(service) ? service : `${PROJECT}-${service}-1`);

/** A container that has written its past already, and goes on. Answers its id. */
async function startWithPast(api: EngineApi, image: string, service: string): Promise<string> {
  const meanMs = MEAN_MS[service];
  const labels = ALONE.has(service)
    ? {}
    : { 'com.docker.compose.project': PROJECT, 'com.docker.compose.service': service };
  const past = pastOf(service, meanMs);
  // The first run only makes the log file; the second goes on where the past, which is written between them, ends.
  const again = 'if [ -e /ran ]; then exec "$@"; fi; : >/ran';
  const id = await api.create({
    name: containerOf(service),
    image,
    command: ['/bin/sh', '-c', again, 'sh', ...chatterCommand(service, past.count, meanMs)],
    labels,
  });
  await api.start(id);
  await api.wait(id);
  writeFileSync((await api.inspect(id)).LogPath, past.records);
  await api.start(id);
  return id;
}

/** What it said in the time before now, as the engine records it, and how many sayings that were. */
function pastOf(service: string, meanMs: number): { records: string; count: number } {
  const records: string[] = [];
  let count = 0;
  for (let at = Date.now() - PAST_MS; at < Date.now(); at += pauseAfter(count++, meanMs)) {
    const time = new Date(at).toISOString().slice(0, -1);
    for (const [i, { stream, line }] of chatter(service, count, new Date(at)).entries()) {
      const nanos = String(count % 1_000).padStart(3, '0') + String(i).padStart(3, '0');
      records.push(`${JSON.stringify({ log: `${line}\n`, stream, time: `${time}${nanos}Z` })}\n`);
    }
  }
  return { records: records.join(''), count };
}
