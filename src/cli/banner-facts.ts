/** Collects what the banner says from the running agent. */
import type { Agent } from '../agent.js';
import { withoutUserinfo } from '../config/secrets.js';
import type { Config, SinkConfig, SourceConfig, SyslogSourceConfig } from '../config/types.js';
import { within } from '../runtime/within.js';
import type { DockerSource } from '../sources/docker/source.js';
import type { BannerFacts, SourceFacts } from '../telemetry/banner.js';
import { isLostWithContainer } from './volatile.js';

/** How long the banner waits for the first look at the containers. */
const PATIENCE_MS = 2_000;

export async function bannerFacts(agent: Agent, config: Config, isDryRun: boolean): Promise<BannerFacts> {
  const sources: SourceFacts[] = [];
  for (const source of agent.sources) {
    const given = config.sources[source.name];
    sources.push('engineInfo' in source ? await dockerFacts(source) : plainFacts(source.name, given));
  }
  const { url, loginUrl } = agent.server;
  return {
    build: agent.build,
    sources,
    history: {
      dataDir: config.dataDir,
      maxBytes: config.journal.maxBytes,
      maxAgeMs: config.journal.maxAgeMs,
      isLostWithContainer: !isDryRun && isLostWithContainer(config.dataDir),
    },
    isDryRun,
    sinks: Object.entries(config.sinks).map(([name, sink]) => sinkText(name, sink)),
    url: loginUrl ?? url,
    metricsUrl: agent.metricsUrl ?? `${url}/metrics`,
  };
}

function plainFacts(name: string, source: SourceConfig): SourceFacts {
  return {
    name,
    what: whatOf(source),
    isWell: true,
    captured: new Map(),
    left: new Map(),
    skippedHistoryBytes: 0,
  };
}

function whatOf(source: SourceConfig): string {
  switch (source.type) {
    case 'stdin':
      return 'standard input, until it ends';
    case 'file':
      return `files: ${source.include.join(', ')}`;
    case 'journald':
      return `the journal of systemd${source.directory === undefined ? '' : ` below ${source.directory}`}`;
    case 'syslog':
      return `syslog messages on ${listenText(source)}`;
    default:
      return 'made-up lines of made-up containers';
  }
}

function listenText({ host, tcpPort, udpPort, tls }: SyslogSourceConfig): string {
  const tcp = tcpPort === 0 ? [] : [`${tls ? 'TLS' : 'TCP'} port ${tcpPort}`];
  const udp = udpPort === 0 ? [] : [`UDP port ${udpPort}`];
  return `${[...tcp, ...udp].join(' and ')} of ${host}`;
}

async function dockerFacts(source: DockerSource): Promise<SourceFacts> {
  await within(PATIENCE_MS, source.ready);
  const engine = source.engineInfo();
  const trouble = source.engineTrouble();
  const captured = new Map<string, string[]>([
    ['file', []],
    ['api', []],
  ]);
  const left = new Map<string, string[]>();
  let skippedHistoryBytes = 0;
  for (const { name, transport, why, stats } of source.containers()) {
    const [names, key] = transport === 'none' ? [left, why] : [captured, transport];
    names.set(key, [...(names.get(key) ?? []), name].sort());
    skippedHistoryBytes += stats?.skippedHistoryBytes ?? 0;
  }
  const found = engine && `Docker ${engine.version} "${engine.name}" at ${withoutUserinfo(engine.endpoint)}`;
  return {
    name: source.name,
    what: trouble ?? found ?? 'the Docker engine has not answered yet',
    isWell: trouble === undefined && engine !== undefined,
    captured,
    left,
    skippedHistoryBytes,
  };
}

/** Its name, and where it writes to. */
function sinkText(name: string, sink: SinkConfig): string {
  const type = name === sink.type ? '' : `${sink.type}, `;
  switch (sink.type) {
    case 'file':
      return `${name} (${type}${sink.directory})`;
    case 'stdout':
      return name === sink.type ? name : `${name} (${sink.type})`;
    case 'syslog':
      return `${name} (${type}${sink.host}:${sink.port})`;
    default:
      return `${name} (${type}${withoutUserinfo(sink.url)})`;
  }
}
