/**
 * Bytes of JavaScript heap allocated per line on the way from a json-file into the journal, sampled by V8's heap
 * profiler with everything included that was collected meanwhile. Prints where they come from.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { type HeapProfiler, Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openJournal } from '../src/journal/index.js';
import { GapRegister } from '../src/pipeline/gap-register.js';
import { createIntake } from '../src/pipeline/intake.js';
import { StreamTable } from '../src/pipeline/streams.js';
import { silentLogger } from '../src/runtime/log.js';
import { Scope } from '../src/runtime/scope.js';
import { JsonFileReaders } from '../src/sources/docker/json-file/index.js';
import { workload } from './generate.js';

const SAMPLING_BYTES = 4096;
const work = workload(10, 300_000);
const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-allocation-'));
const root = Scope.root('bench', (error) => {
  throw error;
});
const streams = new StreamTable();
const options = { maxBytes: 4 * 2 ** 30, maxAgeMs: 1e9, minFree: 0, syncIntervalMs: 200 };
const journal = await openJournal(scratch, options, streams, root, silentLogger);
const gaps = new GapRegister(journal, silentLogger);
const pipeline = createIntake({ journal, streams, scope: root, taps: [], gaps });
const readers = new JsonFileReaders({
  pipeline,
  log: silentLogger,
  startAt: { kind: 'beginning' },
  onNotice: () => {},
});
for (const { id, name } of work.containers) {
  const file = path.join(work.directory, 'containers', id, `${id}-json.log`);
  readers.add({ id, path: file, labels: { container: name }, existedAtFirstStart: false });
}

const session = new Session();
session.connect();
await session.post('HeapProfiler.startSampling', {
  samplingInterval: SAMPLING_BYTES,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
} as HeapProfiler.StartSamplingParameterType);
const sources = root.child('sources');
const started = performance.now();
readers.ready();
void sources.run('readers', () => readers.run(sources));
while (journal.stats.linesJournaled < work.lines) {
  await journal.waitCommitted(journal.stats.committedLsn, AbortSignal.timeout(60_000));
}
const seconds = (performance.now() - started) / 1000;
const { profile } = await session.post('HeapProfiler.stopSampling');
session.disconnect();
await root.close();
rmSync(scratch, { recursive: true });

const bySite = new Map<string, number>();
let total = 0;
const visit = (node: HeapProfiler.SamplingHeapProfileNode): void => {
  const { functionName, url, lineNumber } = node.callFrame;
  const site = `${functionName} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
  bySite.set(site, (bySite.get(site) ?? 0) + node.selfSize);
  total += node.selfSize;
  node.children.forEach(visit);
};
visit(profile.head);
if (total === 0) throw new Error('The profiler saw no allocation at all: it does not measure.');
console.log(
  `${work.lines} lines in ${seconds.toFixed(1)} s: ${(total / work.lines).toFixed(2)} B of heap a line`,
);
for (const [site, bytes] of [...bySite].sort((a, b) => b[1] - a[1]).slice(0, 12)) {
  console.log(`  ${(bytes / work.lines).toFixed(3)} B  ${site}`);
}
