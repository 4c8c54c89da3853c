/**
 * Splunk's HTTP Event Collector, by `POST <url>/services/collector/event`. Its 200 says that the events are well formed and in a
 * queue of memory; a crash there loses them. With indexer acknowledgement the answer has an id, and lines count as delivered
 * when `/services/collector/ack` says that they are indexed. What is not acknowledged in time is sent again: at least once.
 *
 * Its own codes ({"text":"…","code":n}) say more than the status does: some of those with a 400 are of an event, others of
 * the token or the channel, and no event is to blame for them.
 */
import { randomUUID } from 'node:crypto';
import type { SplunkSinkConfig } from '../../config/types.js';
import type { BlockLines } from '../../pipeline/push-request.js';
import { AgentError } from '../../runtime/errors.js';
import { type Answer, judgeStatus, notTheServer, refusal } from '../http/answer.js';
import type { Reply } from '../http/reply.js';
import type { Exchange, Protocol } from '../http/request-sink.js';
import { serverUrl } from '../http/server-url.js';
import { eventsOf } from './events.js';

const PATH = '/services/collector';
/** Invalid data format, event field is required, is blank, indexed fields cannot be handled. */
const OF_EVENT = new Set([6, 12, 13, 15]);
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 2_000;

interface Told {
  readonly code?: unknown;
  readonly ackId?: unknown;
  readonly acks?: Readonly<Record<string, unknown>>;
}

export class Collector implements Protocol {
  readonly who = 'Splunk';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly #config: SplunkSinkConfig;
  readonly #ackPath: string;
  /** The token is known to have acknowledgement switched on. */
  #mayAsk = false;

  /** Throws CONFIG_INVALID. */
  constructor(config: SplunkSinkConfig) {
    const url = serverUrl(config.url, 'splunk', 'https://127.0.0.1:8088');
    const folder = url.pathname.replace(/\/+$/, '').replace(/\/services\/collector(\/event)?$/, '');
    const channel = randomUUID();
    url.pathname = `${folder}${PATH}/event`;
    this.url = url;
    this.#ackPath = `${folder}${PATH}/ack?channel=${channel}`;
    this.#config = config;
    this.headers = {
      'content-type': 'application/json',
      authorization: `Splunk ${config.token}`,
      // Also without our asking: a token that has it switched on takes nothing else.
      'x-splunk-request-channel': channel,
    };
  }

  encode(lines: BlockLines, rows: readonly number[]): Buffer {
    return eventsOf(lines, rows, this.#config);
  }

  async exchange(exchange: Exchange): Promise<Answer> {
    const { acknowledge } = this.#config;
    if (acknowledge && !this.#mayAsk) {
      const answer = await this.#probe(exchange);
      if (answer.kind !== 'accepted') return answer;
      this.#mayAsk = true;
    }
    const reply = await exchange.send();
    const answer = judge(reply, exchange);
    if (answer.kind !== 'accepted' || !acknowledge) return answer;
    const { ackId } = told(reply);
    if (!Number.isSafeInteger(ackId)) return { kind: 'failed', error: notTheServer(reply, exchange) };
    return this.#acknowledged(exchange, String(ackId));
  }

  /** Asks for an acknowledgement that there is none of: where that is not allowed nothing must be sent, or it is sent again and again. */
  async #probe(exchange: Exchange): Promise<Answer> {
    const reply = await this.#ask(exchange, '0');
    const answer = judgeStatus(reply, exchange, Date.now());
    if (answer.kind === 'refused') return { kind: 'failed', error: answer.error };
    return answer.kind === 'accepted' && told(reply).acks === undefined
      ? { kind: 'failed', error: notTheServer(reply, exchange) }
      : answer;
  }

  async #acknowledged(exchange: Exchange, id: string): Promise<Answer> {
    const { who, where, signal } = exchange;
    const { acknowledgeTimeoutMs } = this.#config;
    const deadline = performance.now() + acknowledgeTimeoutMs;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_LOOK_MS)) {
      await exchange.pause(Math.max(0, Math.min(waitMs, deadline - performance.now())));
      if (signal.aborted)
        throw unacknowledged(
          `${who} at ${where} had not acknowledged the last lines when the agent stopped.`,
        );
      const answer = await this.#look(exchange, id);
      if (answer) return answer;
      if (performance.now() >= deadline)
        throw unacknowledged(
          `${who} at ${where} did not acknowledge lines within ${acknowledgeTimeoutMs / 1000} s.`,
        );
    }
  }

  /** Undefined: not yet, or the answer got lost. */
  async #look(exchange: Exchange, id: string): Promise<Answer | undefined> {
    try {
      const reply = await this.#ask(exchange, id);
      const answer = judgeStatus(reply, exchange, Date.now());
      if (answer.kind === 'failed' && !answer.error.retryable) return answer;
      return told(reply).acks?.[id] === true ? { kind: 'accepted' } : undefined;
    } catch (error) {
      if (error instanceof AgentError && error.retryable) return undefined;
      throw error;
    }
  }

  #ask(exchange: Exchange, id: string): Promise<Reply> {
    return exchange.ask(this.#ackPath, Buffer.from(`{"acks":[${id}]}`));
  }
}

function judge(reply: Reply, exchange: Exchange): Answer {
  const answer = judgeStatus(reply, exchange, Date.now());
  const { code } = told(reply);
  if (answer.kind === 'accepted' && code !== 0)
    return { kind: 'failed', error: notTheServer(reply, exchange) };
  if (answer.kind === 'refused' && !OF_EVENT.has(Number(code)))
    return { kind: 'failed', error: refusal(reply, exchange) };
  return answer;
}

function unacknowledged(happened: string): AgentError {
  return new AgentError('SINK_TROUBLE', happened, {
    remedy: 'They are sent again, so they may be there twice; see the queues of the indexers.',
    retryable: true,
  });
}

function told({ body }: Reply): Told {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
