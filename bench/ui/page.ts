/** The live page under load: how long its frames take, and what it keeps. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Visit } from '../../test/browser/support/visit.js';
import { agentCpuSeconds, journaled, quantile, round, type Subject } from './subject.js';

const SAMPLE_MS = 5_000;
/** Code is compiled, and the list fills, before that. */
const WARM_UP_MS = 5_000;

/** In the page: milliseconds between the frames that it could draw. */
const FRAMES = `
globalThis.frameTimes = [];
let last = performance.now();
const frame = (now) => { frameTimes.push(now - last); last = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
`;

export interface PageFigures {
  readonly seconds: number;
  readonly linesWritten: number;
  readonly linesJournaled: number;
  readonly rows: number;
  readonly frames: number;
  readonly frameMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly framesOver50Ms: number;
  readonly heapMb: {
    readonly first: number;
    readonly max: number;
    readonly last: number;
    readonly afterCollection: number;
  };
  /** Every 5 s. */
  readonly heapSamplesMb: readonly number[];
  readonly domNodes: number;
  readonly agentCpuPercent: number;
  readonly faults: readonly string[];
}

export async function measurePage(subject: Subject, rate: number, seconds: number): Promise<PageFigures> {
  const visit = await Visit.open({ browser: subject.browser, url: subject.url });
  const cdp = await visit.page.context().newCDPSession(visit.page);
  const heapMb = async (): Promise<number> => {
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    return round(usedSize / 1e6, 1);
  };
  const before = await journaled(subject);
  const warmUp = subject.bed.write((rate * WARM_UP_MS) / 1000, rate);
  await visit.rows.first().waitFor();
  await warmUp;
  const cpuBefore = agentCpuSeconds(subject);
  const lines = rate * seconds;
  const heapSamplesMb: number[] = [];
  const sampling = new AbortController();
  const sampler = (async () => {
    while (!sampling.signal.aborted) {
      heapSamplesMb.push(await heapMb());
      await sleep(SAMPLE_MS, undefined, { signal: sampling.signal }).catch(() => undefined);
    }
  })();
  await visit.page.evaluate(FRAMES);
  await subject.bed.write(lines, rate);
  const frames = await visit.page.evaluate<number[]>('globalThis.frameTimes');
  sampling.abort();
  await sampler;
  const cpu = agentCpuSeconds(subject) - cpuBefore;
  const rows = await visit.rows.count();
  const { nodes } = await cdp.send('Memory.getDOMCounters');
  await cdp.send('HeapProfiler.collectGarbage');
  const afterCollection = await heapMb();
  const { faults } = visit;
  await visit.close();
  const sorted = frames.toSorted((a, b) => a - b);
  return {
    seconds,
    linesWritten: lines + (rate * WARM_UP_MS) / 1000,
    linesJournaled: (await journaled(subject)) - before,
    rows,
    frames: frames.length,
    frameMs: {
      p50: round(quantile(sorted, 0.5), 1),
      p95: round(quantile(sorted, 0.95), 1),
      p99: round(quantile(sorted, 0.99), 1),
      max: round(sorted.at(-1) ?? Number.NaN, 1),
    },
    framesOver50Ms: frames.filter((ms) => ms > 50).length,
    heapMb: {
      first: heapSamplesMb[0],
      max: Math.max(...heapSamplesMb),
      last: heapSamplesMb.at(-1) ?? Number.NaN,
      afterCollection,
    },
    heapSamplesMb,
    domNodes: nodes,
    agentCpuPercent: round((cpu / seconds) * 100, 1),
    faults,
  };
}
