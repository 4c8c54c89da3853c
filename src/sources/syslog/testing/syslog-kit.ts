/** A syslog source on real sockets of loopback, and what comes of what is sent to it. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach } from 'vitest';
import { freePort } from '../../../../test/support/ports.js';
import type { SyslogSourceConfig } from '../../../config/types.js';
import type { Batch } from '../../../pipeline/batch.js';
import type { Pipeline } from '../../../pipeline/contract.js';
import type { SourceGap } from '../../../pipeline/gaps.js';
import { timeText } from '../../../pipeline/line-time.js';
import { type Labels, StreamTable } from '../../../pipeline/streams.js';
import { silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { Health } from '../../../telemetry/health.js';
import { SyslogSource } from '../source.js';

/** 2026-11-22T10:00:00Z, the source's clock at the start of a test. */
export const NOW_MS = Date.UTC(2026, 10, 22, 10);

export interface Line {
  readonly time: string;
  readonly labels: Labels;
  readonly text: string;
  readonly fields: Record<string, string>;
}

/** For the tests of a file: begins anew before each, and ends after it. */
export function syslogKit(): SyslogKit {
  const kit = new SyslogKit();
  beforeEach(() => kit.begin());
  afterEach(() => kit.end());
  return kit;
}

class SyslogKit {
  root!: Scope;
  streams!: StreamTable;
  lines: Line[] = [];
  gaps: [SourceGap, Labels][] = [];
  health!: Health;
  tcpPort = 0;
  udpPort = 0;
  nowMs = NOW_MS;
  /** What pushes answer. */
  wait: Promise<void> | undefined;
  /** Of the test's own sockets. */
  ends: (() => void)[] = [];

  async begin(): Promise<void> {
    this.root = Scope.root('test', (error) => {
      throw error;
    });
    this.streams = new StreamTable();
    this.lines = [];
    this.gaps = [];
    this.health = new Health();
    this.tcpPort = await freePort();
    this.udpPort = await freePort();
    this.nowMs = NOW_MS;
    this.wait = undefined;
    this.ends = [];
  }

  async end(): Promise<void> {
    for (const end of this.ends) end();
    await this.root.close();
  }

  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }

  /** Runs the source `net`, and waits until it has said how it is. */
  async run(config: Partial<SyslogSourceConfig> = {}): Promise<void> {
    const { tcpPort, udpPort, health, root, streams } = this;
    const source = new SyslogSource(
      {
        type: 'syslog',
        host: '127.0.0.1',
        tcpPort,
        udpPort,
        maxConnections: 10,
        maxLineBytes: 2048,
        useMessageTime: true,
        ...config,
      },
      { name: 'net', log: silentLogger, health, labels: { env: 'a' }, nowMs: () => this.nowMs },
    );
    const pipeline: Pipeline = {
      streams,
      isFirstStart: true,
      position: () => undefined,
      positionKeys: () => [],
      setPosition: () => {},
      gap: (gap, labels) => void this.gaps.push([gap, labels]),
      push: (batch) => {
        this.lines.push(...this.#linesOf(batch));
        return this.wait;
      },
    };
    void root.run('source', () => source.run(root, pipeline));
    await until(() => health.components().get('net') !== undefined);
  }

  async open(): Promise<Socket> {
    const socket = connect(this.tcpPort, '127.0.0.1');
    this.ends.push(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  /** What came of `text` over a connection of its own, once it is closed. */
  async overTcp(text: string | Buffer): Promise<Line[]> {
    const before = this.lines.length;
    const socket = await this.open();
    socket.end(text);
    await until(() => this.lines.length > before);
    return this.lines.slice(before);
  }

  datagrams(...texts: string[]): Promise<void> {
    const socket = createSocket('udp4');
    return new Promise((resolve) => {
      let left = texts.length;
      for (const text of texts)
        socket.send(text, this.udpPort, '127.0.0.1', () => {
          if (--left === 0) socket.close(resolve);
        });
    });
  }

  #linesOf(batch: Batch): Line[] {
    return Array.from({ length: batch.length }, (_, row) => ({
      time: timeText(batch.seconds[row], batch.nanos[row]),
      labels: this.streams.get(batch.stream[row])?.labels ?? {},
      text: batch.arena.toString('utf8', batch.start[row], batch.end[row]),
      fields: Object.fromEntries(batch.metadata?.pairs(row) ?? []),
    }));
  }
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}
