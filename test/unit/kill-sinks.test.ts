/**
 * What docs/sinks says of a kill, on the built agent: nothing is lost, what was under way comes a second time, what was taken
 * since the last commit may, and nothing else does; Elasticsearch knows it again. Each receiver is the one of its sink's tests, and reads with code of its own.
 */
import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Cluster } from '../../src/sinks/elasticsearch/testing/cluster.js';
import { type Answered, type Asked, startServer } from '../../src/sinks/http/testing/stand-in.js';
import { Receiver } from '../../src/sinks/otlp/testing/receiver.js';
import { Indexer } from '../../src/sinks/splunk/testing/indexer.js';
import { messagesIn } from '../../src/sinks/syslog/testing/receiver.js';
import type { LedgerReport } from '../../src/telemetry/ledger/shape.js';
import { Agent, killAgents } from '../support/agent.js';
import { scratch } from '../support/scratch.js';

const LOGS = ['a', 'b', 'c'];
const BURST = 40;

/** What a server got, and whether it answers. */
class Taken {
  /** Lines in the order of their coming. */
  readonly lines: string[] = [];
  /** Those of requests that it had when the agent was killed, and had not answered. */
  readonly underWay: string[] = [];
  #answers = Promise.resolve();
  #go: (() => void) | undefined;

  /** Resolves when these may be answered. */
  async take(lines: readonly string[]): Promise<void> {
    this.lines.push(...lines);
    if (this.#go) this.underWay.push(...lines);
    await this.#answers;
  }

  get holds(): boolean {
    return this.#go !== undefined && this.underWay.length > 0;
  }

  hold(): void {
    this.#answers = new Promise((resolve) => {
      this.#go = resolve;
    });
  }

  letGo(): void {
    this.#go?.();
    this.#go = undefined;
  }
}

interface Server {
  readonly config: object;
  readonly taken: Taken;
  readonly close: () => Promise<void>;
}

let servers: Record<string, Server> = {};

afterEach(async () => {
  await killAgents();
  for (const { taken, close } of Object.values(servers)) {
    taken.letGo();
    await close();
  }
  servers = {};
});

/** `stored` is all that the server has, in the order of its coming. */
async function overHttp(
  config: object,
  answer: (asked: Asked) => Answered,
  stored: () => readonly string[],
): Promise<Server> {
  const taken = new Taken();
  const { url, close } = await startServer(async (asked) => {
    const before = stored().length;
    const answered = answer(asked);
    await taken.take(stored().slice(before));
    return answered;
  });
  return { config: { url, timeout: '5m', ...config }, taken, close };
}

/** Reads each connection to its end, and ends its own side when it may answer. */
async function syslogServer(): Promise<Server> {
  const taken = new Taken();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const chunks: Buffer[] = [];
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      const texts = wholeMessages(Buffer.concat(chunks));
      void taken.take(texts).then(() => socket.end());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    config: { host: '127.0.0.1', port, timeout: '5m' },
    taken,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** None of a connection that the kill has cut within a message. */
function wholeMessages(bytes: Buffer): string[] {
  try {
    return messagesIn(bytes).map(({ text }) => text);
  } catch {
    return [];
  }
}

async function startServers(cluster: Cluster): Promise<Record<string, Server>> {
  const receiver = new Receiver();
  const indexer = new Indexer();
  const posted: string[] = [];
  const post = ({ body }: Asked): Answered => {
    for (const row of body.toString().trimEnd().split('\n'))
      posted.push((JSON.parse(row) as { line: string }).line);
    return { status: 204 };
  };
  return {
    http: await overHttp({}, post, () => posted),
    otlp: await overHttp({}, receiver.answer, () => receiver.records.map(({ body }) => body)),
    elasticsearch: await overHttp({}, cluster.answer, () =>
      [...cluster.docs.values()].map(({ message }) => message),
    ),
    splunk: await overHttp({ token: 't0ken' }, indexer.answer, () =>
      indexer.indexed.map(({ event }) => String(event)),
    ),
    syslog: await syslogServer(),
  };
}

/** Lines that stand there more than once, as often as they do so again. */
function doubles(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines.filter((line) => seen.size === seen.add(line).size);
}

test('killed while every sink waits for an answer, and at an answer: all is there, in order, and twice only what was under way or just taken', async () => {
  const cluster = new Cluster();
  servers = await startServers(cluster);
  const folder = scratch('kill-sinks');
  const logs = path.join(folder, 'logs');
  mkdirSync(logs);
  const config = {
    sources: { logs: { type: 'file', include: [path.join(logs, '*.log')] } },
    sinks: Object.fromEntries(
      Object.entries(servers).map(([type, { config }]) => [type, { type, batch_wait: '50ms', ...config }]),
    ),
  };
  const written: string[] = [];
  const write = (): void => {
    for (const log of LOGS) {
      const from = written.length;
      const lines = Array.from({ length: BURST }, (_, i) => `${log} ${from + i}`);
      appendFileSync(path.join(logs, `${log}.log`), lines.map((line) => `${line}\n`).join(''));
      written.push(...lines);
    }
  };
  const ledger = (agent: Agent): Promise<LedgerReport> => agent.get('/api/v1/ledger');
  const untilDelivered = async (agent: Agent): Promise<void> => {
    await expect
      .poll(async () => (await ledger(agent)).sinks.map(({ delivered }) => delivered))
      .toEqual(Object.keys(servers).map(() => written.length));
  };

  let agent = await Agent.start({ folder, config });
  const killed = async (): Promise<void> => {
    agent.signal('SIGKILL');
    await agent.exit;
    write();
    agent = await Agent.start({ folder, config });
    for (const { taken } of Object.values(servers)) taken.letGo();
    await agent.ready();
    await untilDelivered(agent);
  };
  await agent.ready();
  write();
  await untilDelivered(agent);
  for (const { taken } of Object.values(servers)) taken.hold();
  write();
  await expect.poll(() => Object.values(servers).every(({ taken }) => taken.holds)).toBe(true);
  write();
  // A cursor that moved too early, and what was acknowledged before, would be in this commit.
  await expect.poll(async () => (await ledger(agent)).journal.committed).toBe(written.length);
  await killed();
  const before = written.length;
  write();
  const justTaken = new Set(written.slice(before));
  const { taken: first } = servers['http'];
  await expect.poll(() => first.lines.some((line) => justTaken.has(line)), { interval: 1 }).toBe(true);
  await killed();
  const { unaccounted } = await ledger(agent);
  expect(cluster.conflicts).toBeGreaterThanOrEqual(servers['elasticsearch'].taken.underWay.length);
  expect(Object.values(unaccounted).filter((lines) => lines !== 0)).toEqual([]);
  await agent.stop();

  const of = (log: string, lines: Iterable<string>): string[] =>
    [...lines].filter((line) => line.startsWith(`${log} `));
  for (const [type, { taken }] of Object.entries(servers)) {
    for (const log of LOGS)
      expect(of(log, new Set(taken.lines)), `${type}, ${log}`).toEqual(of(log, written));
    const again = doubles(taken.lines);
    if (type === 'elasticsearch') expect(again).toEqual([]);
    else expect(again.filter((line) => !justTaken.has(line)).sort(), type).toEqual(taken.underWay.toSorted());
    expect(new Set(again).size, type).toBe(again.length);
  }
});
