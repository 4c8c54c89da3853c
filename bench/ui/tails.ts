/** Many open tails, half of which never read: what the agent keeps for them. */
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../live-bed.js';
import { agentRssMb, type Subject } from './subject.js';

const SECONDS = 15;
const SETTLE_MS = 3_000;
const SAMPLE_MS = 250;

export interface TailFigures {
  readonly tails: number;
  readonly neverRead: number;
  readonly linesWritten: number;
  /** Of those that read: lines that came, and lines that they were told to be skipped; least and most. */
  readonly came: readonly [least: number, most: number];
  readonly skipped: readonly [least: number, most: number];
  readonly agentRssMb: {
    readonly before: number;
    readonly idleTails: number;
    readonly most: number;
    readonly afterwards: number;
  };
}

interface Reader {
  came: number;
  skipped: number;
  readonly response: IncomingMessage;
}

/** `count` tails, every second of which reads, while `rate` lines a second are written. */
export async function measureTails(subject: Subject, rate: number, count: number): Promise<TailFigures> {
  // What the lines themselves cost must not look like the tails' cost.
  await subject.bed.write(rate * 5, rate);
  const before = agentRssMb(subject);
  const readers: Reader[] = [];
  const sleepers: IncomingMessage[] = [];
  for (let i = 0; i < count; i++) {
    const response = await openTail(subject.url);
    if (i % 2 === 0) readers.push(reading(response));
    else sleepers.push(response.pause());
  }
  await sleep(SETTLE_MS);
  const idleTails = agentRssMb(subject);
  let most = idleTails;
  const timer = setInterval(() => {
    most = Math.max(most, agentRssMb(subject));
  }, SAMPLE_MS);
  const lines = rate * SECONDS;
  await subject.bed.write(lines, rate);
  await until('every reader has each line or was told that it was skipped', async () =>
    readers.every(({ came, skipped }) => came + skipped === lines),
  );
  clearInterval(timer);
  for (const response of [...readers.map((reader) => reader.response), ...sleepers]) response.destroy();
  await sleep(SETTLE_MS);
  const range = (of: (reader: Reader) => number): [number, number] => [
    Math.min(...readers.map(of)),
    Math.max(...readers.map(of)),
  ];
  return {
    tails: count,
    neverRead: sleepers.length,
    linesWritten: lines,
    came: range(({ came }) => came),
    skipped: range(({ skipped }) => skipped),
    agentRssMb: { before, idleTails, most, afterwards: agentRssMb(subject) },
  };
}

async function openTail(url: string): Promise<IncomingMessage> {
  const request = http.get(`${url}/api/v1/tail?n=0`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

/** Counts events; an event ends with an empty line. */
function reading(response: IncomingMessage): Reader {
  const reader: Reader = { came: 0, skipped: 0, response };
  let rest = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    const events = (rest + text).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      if (event.startsWith('data:')) reader.came++;
      const skipped = /^event: skipped\ndata: (.*)$/m.exec(event)?.[1];
      if (skipped !== undefined) reader.skipped += (JSON.parse(skipped) as { lines: number }).lines;
    }
  });
  return reader;
}
