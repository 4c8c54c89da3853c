/** Collects what the banner says from the running agent. */
import type { Agent } from '../agent.js';
import type { Config, SinkConfig } from '../config/types.js';
import { within } from '../runtime/within.js';
import type { DockerSource } from '../sources/docker/source.js';
import type { BannerFacts, SourceFacts } from '../telemetry/banner.js';

/** How long the banner waits for the first look at the containers. */
const PATIENCE_MS = 2_000;

export async function bannerFacts(agent: Agent, config: Config): Promise<BannerFacts> {
  const sources: SourceFacts[] = [];
  for (const source of agent.sources) {
    sources.push('engineInfo' in source ? await dockerFacts(source) : demoFacts(source.name));
  }
  return {
    build: agent.build,
    sources,
    dataDir: config.dataDir,
    journalMaxBytes: config.journal.maxBytes,
    journalMaxAgeMs: config.journal.maxAgeMs,
    sinks: Object.entries(config.sinks).map(([name, sink]) => sinkText(name, sink)),
    url: agent.server.url,
  };
}

/** The only source beside Docker makes its lines up. */
function demoFacts(name: string): SourceFacts {
  const what = 'made-up lines of made-up containers';
  return { name, what, isWell: true, captured: [], left: new Map(), skippedHistoryBytes: 0 };
}

async function dockerFacts(source: DockerSource): Promise<SourceFacts> {
  await within(PATIENCE_MS, source.ready);
  const engine = source.engineInfo();
  const trouble = source.engineTrouble();
  const left = new Map<string, string[]>();
  const captured: string[] = [];
  let skippedHistoryBytes = 0;
  for (const { name, transport, why, stats } of source.containers()) {
    if (transport !== 'none') captured.push(name);
    else left.set(why, [...(left.get(why) ?? []), name]);
    skippedHistoryBytes += stats?.skippedHistoryBytes ?? 0;
  }
  const found = engine && `Docker ${engine.version} "${engine.name}" at ${engine.endpoint}`;
  const what = trouble ?? found ?? 'the Docker engine has not answered yet';
  return {
    name: source.name,
    what,
    isWell: trouble === undefined && engine !== undefined,
    captured: captured.sort(),
    left,
    skippedHistoryBytes,
  };
}

function sinkText(name: string, sink: SinkConfig): string {
  return `${name} (${sink.type}${sink.type === 'file' ? `, ${sink.directory}` : ''})`;
}
