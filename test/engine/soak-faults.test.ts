/**
 * A soak during which all connections are cut, the engine hangs (SIGSTOP) and the engine is restarted: nothing leaks, every
 * line comes once, and the alarm is raised within liveness_timeout and goes by itself.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runSoak } from '../../src/soak/soak.js';
import { cutConnections, hangEngine, restartEngine } from '../support/engine-faults.js';
import { describeWithOwnEngine } from '../support/engine-test.js';

const CONTAINERS = 20;
const SECONDS = 80;
const LIVENESS_MS = 5_000;
const CUTS = 5;
/** What is well between two faults is judged too. */
const CALM_MS = 6_000;

describeWithOwnEngine('a soak with faults', (bed) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'lct-soak-faults-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('of connections and engine loses and leaks nothing, and raises the alarm in time', {
    timeout: 600_000,
  }, async () => {
    const { engine, facts } = bed();
    const said: string[] = [];
    const { criteria, files } = await runSoak(
      {
        containers: CONTAINERS,
        minutes: SECONDS / 60,
        rotateEveryMs: 2_000,
        churn: false,
        image: facts.image,
        attach: undefined,
        endpoint: facts.endpoint,
        directory,
        maxStreams: CONTAINERS,
      },
      {
        command: 'a soak with faults put in on purpose',
        output: { write: (text: string) => said.push(text) > 0 },
        signal: new AbortController().signal,
        livenessTimeoutMs: LIVENESS_MS,
        whileRunning: async (tools) => {
          await tools.scope.sleep(CALM_MS);
          await cutConnections(tools, CUTS);
          await tools.scope.sleep(CALM_MS);
          await hangEngine(tools, engine, LIVENESS_MS);
          await tools.scope.sleep(CALM_MS);
          await restartEngine(tools, engine, LIVENESS_MS);
        },
      },
    );
    expect(criteria.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    const measured = new Map(
      criteria.filter(({ verdict }) => verdict === 'pass').map(({ id, measured: words }) => [id, words]),
    );
    // That these were judged and not only passed over.
    for (const id of ['course', 'lines', 'gaps', 'pool', 'rotations', 'requests', 'unowned', 'health'])
      expect([...measured.keys()]).toContain(id);
    expect([...measured.keys()]).toContain('drained.census');
    expect(measured.get('faults.connections-cut')).toMatch(/^1 time; well again after/);
    for (const id of ['faults.engine-hangs', 'faults.engine-restarts'])
      expect(measured.get(id)).toMatch(
        /^1 time; alarm after \S+ to \S+ s, the mark is 7 s; well again after/,
      );
    expect(said.join('')).toMatch(/20 containers had ended; they were started again/);

    // Each trouble is told once, and so is its end.
    const [log] = readdirSync(directory).filter((name) => /^agent-.*\.log$/.test(name));
    const messages = (pattern: RegExp): number =>
      readFileSync(path.join(directory, log), 'utf8')
        .split('\n')
        .filter((line) => pattern.test(line)).length;
    const losses = messages(/does not answer.*It is tried again/);
    // The hang and the restart; a cut may hit a request or not.
    expect(losses).toBeGreaterThanOrEqual(2);
    expect(losses).toBeLessThanOrEqual(2 + CUTS);
    expect(messages(/is back/)).toBe(losses);
    expect(files.html).toContain(directory);
  });
});
