/**
 * Syslog messages that others send: listens on TCP and UDP until it is closed. Nothing of it can be read again, so there is
 * no position: what a sender has handed over and is not committed at a kill is lost.
 */
import type { SyslogSourceConfig } from '../../config/types.js';
import type { Pipeline, Source, SourceFigures } from '../../pipeline/contract.js';
import { timeOfMs } from '../../pipeline/line-time.js';
import type { Labels } from '../../pipeline/streams.js';
import { Backoff } from '../../runtime/backoff.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import { listenError } from '../../runtime/listening.js';
import type { Logger } from '../../runtime/log.js';
import type { Scope } from '../../runtime/scope.js';
import type { Health } from '../../telemetry/health.js';
import { NamedLogs } from '../named-logs.js';
import { ArrivalClock } from '../stdin/arrival.js';
import { SyslogLines } from './lines.js';
import { listenTcp } from './tcp.js';
import { listenUdp } from './udp.js';

const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 60_000;
/** Names come from senders, whoever they are. */
const MAX_STREAMS = 1000;

export interface SyslogContext {
  readonly name: string;
  readonly log: Logger;
  readonly health: Health;
  readonly labels: Labels;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

export class SyslogSource implements Source {
  readonly name: string;
  readonly #config: SyslogSourceConfig;
  readonly #context: SyslogContext;
  /** By way: why it does not listen. */
  readonly #troubles = new Map<string, AgentError>();
  #logs: NamedLogs | undefined;

  constructor(config: SyslogSourceConfig, context: SyslogContext) {
    this.name = context.name;
    this.#config = config;
    this.#context = context;
  }

  figures(): SourceFigures | undefined {
    return this.#logs?.figures;
  }

  async run(scope: Scope, pipeline: Pipeline): Promise<void> {
    const { labels, health, log, nowMs = Date.now } = this.#context;
    const { host, tcpPort, udpPort, maxLineBytes, maxConnections, useMessageTime } = this.#config;
    const own = scope.child(this.name);
    const logs = new NamedLogs({ scope: own, pipeline, type: 'syslog', labels, maxStreams: MAX_STREAMS });
    this.#logs = logs;
    const clock = new ArrivalClock(nowMs);
    const lines = new SyslogLines({ logs, clock, maxLineBytes, useMessageTime });
    let lookedMs = nowMs();
    const push = (): Promise<void> | undefined => logs.push();
    if (tcpPort !== 0)
      this.#listen(own, 'tcp', () =>
        listenTcp(
          own,
          this.#config,
          {
            onMessage: (data, from, to, bytes, peer) => {
              clock.look();
              lines.add(data, from, to, bytes, peer);
            },
            push,
            onRefused: () =>
              log.warn(
                {},
                `The source ${this.name} refused a connection: it has ${maxConnections} (max_connections).`,
              ),
          },
          this.#context,
        ),
      );
    if (udpPort !== 0)
      this.#listen(own, 'udp', () =>
        listenUdp(own, host, udpPort, {
          onMessage: (datagram, peer) => {
            clock.look();
            lines.add(datagram, 0, datagram.length, datagram.length, peer);
          },
          push,
          onDropped: (dropped) => {
            const from = timeOfMs(lookedMs);
            lookedMs = nowMs();
            const gap = { why: 'overflow', from, to: timeOfMs(lookedMs), lines: dropped } as const;
            pipeline.gap(gap, { ...labels, container: this.name });
          },
        }),
      );
    await own.untilClosing();
    await own.close();
    health.remove(this.name);
  }

  /** Tries until it listens, or the scope closes. */
  #listen(scope: Scope, way: 'tcp' | 'udp', listen: () => Promise<void>): void {
    const { host, tcpPort, udpPort } = this.#config;
    const backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
    const how = { port: `${way}_port of sources.${this.name}`, host: `host of sources.${this.name}` };
    void scope.run(`listen on ${way}`, async () => {
      while (!scope.isClosing) {
        try {
          await listen();
          this.#troubles.delete(way);
          this.#tellHealth();
          return;
        } catch (error) {
          if (scope.isClosing) return;
          const port = way === 'tcp' ? tcpPort : udpPort;
          this.#troubles.set(way, error instanceof AgentError ? error : listenError(host, port, error, how));
          this.#tellHealth();
        }
        await scope.sleep(backoff.next());
      }
    });
  }

  #tellHealth(): void {
    const { health, log } = this.#context;
    const [trouble] = this.#troubles.values();
    if (!trouble) return void health.set(this.name, 'healthy');
    const said = describeError(trouble);
    if (health.set(this.name, 'degraded', `${trouble.code}: ${said}`))
      log.error(
        { code: trouble.code },
        `The source ${this.name} does not listen: ${said} It is tried again.`,
      );
  }
}
