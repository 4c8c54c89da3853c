/**
 * Exactly once over five SIGKILLs, each between a read and its commit, and between an output and its record: by json-file and by
 * the engine's API, into files and into Loki. Loki cannot be asked what it has, so there it is once by Loki's own rule of
 * equal entries, and what is sent again is bounded by what was in flight.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Agent } from '../support/agent.js';
import {
  type ContainedWriter,
  describeWithEngine,
  expectedOf,
  fileSinkConfig,
  startWriters,
} from '../support/engine-test.js';
import type { WriterSpec } from '../support/lines.mjs';
import { writeAsOutput } from '../support/loki/as-output.js';
import { type PushRecord, startLoki } from '../support/loki/receiver.js';
import { assertExact, linesIn, outputLines } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { scratch } from '../support/scratch.js';

interface KillRecord {
  readonly event: 'first-lines' | 'kill';
  readonly at: number;
  readonly uncommittedLines?: number;
  readonly unrecordedLines?: number;
  /** What a sink acknowledged before this moment is in a commit. */
  readonly cursorsSince?: number;
}

const KILLS = 5;
const COMPLETE_DEADLINE_MS = 60_000;

/** From Loki's answer until the agent's cursor has moved; generous, because this machine stalls. */
const NOTICED_WITHIN_MS = 500;

const byApi = { 'log-capturer.transport': 'api' };
const byFile = { 'log-capturer.transport': 'file' };
const halfByApi = (i: number) => ({ labels: i % 2 === 0 ? byFile : byApi });

// One in a hundred lines is longer than the 16 KiB at which the engine cuts.
const steady: ContainedWriter[] = Array.from({ length: 20 }, (_, i) => ({
  name: `kill-${String(i).padStart(2, '0')}`,
  ...(i < 2 ? { out: 10_000, err: 0, tty: true } : { out: 7_000, err: 3_000 }),
  seed: 1_000 + i,
  linesPerSecond: 150,
  ...halfByApi(i),
}));

// A file is deleted at the sixth rotation after it was begun, and what is written is twice as long in the log: at this pace
// that is more than 500 KB / 24 KB/s = 20.8 s after the agent has read it. A restart that takes longer is found below.
const rotating: ContainedWriter[] = Array.from({ length: 10 }, (_, i) => ({
  name: `kill-rotating-${i}`,
  out: 7_000,
  err: 3_000,
  seed: 2_000 + i,
  lengths: 'short',
  linesPerSecond: 200,
  bytesPerSecond: 12_000,
  ...halfByApi(i),
}));
const LONGEST_DOWNTIME_MS = 20_800;

describeWithEngine('an agent that is killed', (bed) => {
  it('delivers every line exactly once, with and without rotation, by file and by API', async () => {
    const folder = scratch('kill');
    const output = path.join(folder, 'out');
    const killLog = path.join(folder, 'kills');
    const allWrite = path.join(folder, 'all-write');
    const specs = [...steady, ...rotating];
    const loki = await startLoki();
    onTestFinished(async () => loki.close());
    // Small files, so that kills also meet rotations and compression.
    const config = fileSinkConfig(bed.facts, ['kill-*'], output, { max_bytes: '1MiB' });
    const options = {
      folder,
      config: { ...config, sinks: { ...config['sinks'], loki: { type: 'loki', url: loki.url } } },
    };
    const armed = {
      ...options,
      preloads: ['kill-hook.mjs'],
      env: { KILL_LOG: killLog, KILL_NOT_BEFORE: allWrite, KILL_BETWEEN_MS: '500,3000' },
    };

    let agent = await Agent.start(armed);
    await agent.ready();
    const [quiet, rotated] = [
      await startWriters(bed, steady),
      await startWriters(bed, rotating, { 'max-size': '100k', 'max-file': '6' }),
    ];
    writeFileSync(allWrite, '');
    for (let kills = 1; kills <= KILLS; kills++) {
      const exit = await agent.exit;
      expect(exit, agent.log).toEqual({ code: null, signal: 'SIGKILL' });
      // A group that is through would not be hurt by this kill.
      expect([quiet.ended(), rotated.ended()], 'writers that had ended at a kill').toEqual([0, 0]);
      agent = await Agent.start(kills < KILLS ? armed : { ...armed, env: { KILL_LOG: killLog } });
    }
    await agent.ready();
    await Promise.all([quiet.done, rotated.done]);
    const { containers } = await agent.get<Captured>('/api/v1/containers');
    const transports = new Map(containers.map(({ name, transport }) => [name, transport]));
    for (const { name, labels } of specs)
      expect(transports.get(name), `transport of ${name}`).toBe(labels?.['log-capturer.transport']);
    await outputsComplete(output, expectedOf(specs), COMPLETE_DEADLINE_MS);
    const total = linesIn(output, expectedOf(specs));
    await loki.until(() => loki.count() >= total, COMPLETE_DEADLINE_MS, `${total} entries`).catch(() => {});
    const exit = await agent.stop();
    expect(exit, agent.log).toMatchObject({ code: 0, signal: null });

    const records = readKills(killLog);
    const kills = records.filter(({ event }) => event === 'kill');
    expect(kills).toHaveLength(KILLS);
    for (const kill of kills) {
      expect(kill.uncommittedLines).toBeGreaterThan(0);
      expect(kill.unrecordedLines).toBeGreaterThan(0);
    }
    const downtimes = kills.map((kill) => nextFirstLines(records, kill) - kill.at);
    console.log(`kills: ${JSON.stringify(kills)}; then no lines were read for ${downtimes.join(', ')} ms`);
    expect(
      Math.max(...downtimes),
      'a restart took so long that rotation may have deleted files',
    ).toBeLessThan(LONGEST_DOWNTIME_MS);

    const { lines } = assertExact(output, expectedOf(specs));
    expect(lines).toBe(specs.length * 10_000);
    const atLoki = path.join(folder, 'loki');
    writeAsOutput(loki, atLoki);
    expect(assertExact(atLoki, expectedOf(specs)).lines).toBe(lines);
    expect(loki.count()).toBe(total);
    const { repeated, hidden } = loki.ledger;
    const inFlight = kills.map((kill) => inFlightAt(kill, loki.requests));
    console.log(
      `Loki: ${loki.requests.length} requests, at most ${loki.maxInFlight} at once; ${repeated} entries again (${hidden} hidden at once) of ${inFlight.join(' + ')} in flight at the kills`,
    );
    expect(repeated).toBeLessThanOrEqual(inFlight.reduce((sum, entries) => sum + entries, 0));

    for (const [i, { name, tty }] of steady.entries()) {
      if (tty) {
        // A terminal's log comes without frames.
        const { body } = await bed.api.request('GET', `/containers/${quiet.ids[i]}/logs?stdout=1&stderr=1`);
        expect(digest(outputLines(output, name, 'stdout')), `${name} against docker logs`).toBe(
          digest([body]),
        );
        continue;
      }
      const engine = await bed.api.logs(quiet.ids[i]);
      for (const stream of ['stdout', 'stderr'] as const) {
        expect(digest(outputLines(output, name, stream)), `${name} ${stream} against docker logs`).toBe(
          digest([engine[stream]]),
        );
      }
    }
  });

  it('is never killed here: every line exactly once with max-file=1, where a rotated file is gone at once', async () => {
    const folder = scratch('max-file-1');
    const output = path.join(folder, 'out');
    const specs: WriterSpec[] = Array.from({ length: 5 }, (_, i) => ({
      name: `one-file-${i}`,
      out: 7_000,
      err: 3_000,
      seed: 3_000 + i,
      lengths: 'short',
      bytesPerSecond: 60_000,
    }));
    const agent = await Agent.start({ folder, config: fileSinkConfig(bed.facts, ['one-file-*'], output) });
    await agent.ready();
    const writers = await startWriters(bed, specs, { 'max-size': '50k', 'max-file': '1' });
    await writers.done;
    await outputsComplete(output, expectedOf(specs), COMPLETE_DEADLINE_MS);
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expectedOf(specs)).lines).toBe(50_000);
  });
});

function readKills(file: string): KillRecord[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as KillRecord);
}

interface Captured {
  readonly containers: readonly { readonly name: string; readonly transport: string }[];
}

/** Entries that Loki had and the journal's cursor may not have known of: more of them may not come again. */
function inFlightAt({ at, cursorsSince = 0 }: KillRecord, requests: readonly PushRecord[]): number {
  return requests
    .filter(
      ({ arrivedMs, answeredMs = Infinity }) =>
        arrivedMs <= at && answeredMs >= cursorsSince - NOTICED_WITHIN_MS,
    )
    .reduce((sum, { taken }) => sum + taken, 0);
}

function nextFirstLines(records: readonly KillRecord[], kill: KillRecord): number {
  return records.slice(records.indexOf(kill)).find(({ event }) => event === 'first-lines')?.at ?? Infinity;
}

function digest(parts: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
