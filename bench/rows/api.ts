/**
 * A log of 65 MB through the API of a real engine, to the last line that Loki has; beside it curl, which reads the same stream
 * and throws it away. What the start of the process takes, up to the first lines that Loki has, is told apart: a log that is
 * read in a second would hide behind it.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { SUPPORT_FOLDER } from '../../test/support/engine.js';
import { EngineApi } from '../../test/support/engine-api.js';
import { ensureImage } from '../../test/support/image.js';
import { PrivateEngine, whyNoPrivateEngine } from '../../test/support/private-engine.js';
import { Agent, delivered } from '../agent-run.js';
import { CountingLoki } from '../counting-loki.js';
import { type Workload, workload } from '../generate.js';
import { cpuSecondsOf } from '../process-usage.js';
import type { Figures, Row, RowContext } from '../row.js';

async function run(context: RowContext): Promise<Figures> {
  const engine = await PrivateEngine.start();
  const api = new EngineApi(engine.endpoint, 'bench');
  try {
    const whole = workload(10, 300_000);
    const [container] = whole.containers;
    const work: Workload = {
      ...whole,
      containers: [container],
      lines: whole.lines / whole.containers.length,
    };
    const image = await ensureImage(api, SUPPORT_FOLDER);
    const id = await api.create({ name: container.name, image, command: ['/bin/sh', '-c', ':'] });
    await api.start(id);
    await api.wait(id);
    const { LogPath } = await api.inspect(id);
    copyFileSync(path.join(whole.directory, 'containers', container.id, `${container.id}-json.log`), LogPath);
    const begun = performance.now();
    const url = `http://engine/containers/${id}/logs?stdout=1&stderr=1&timestamps=1`;
    const socket = engine.endpoint.slice('unix://'.length);
    execFileSync('taskset', ['-c', '0', 'curl', '-sf', '--unix-socket', socket, '-o', '/dev/null', url]);
    const curlSeconds = (performance.now() - begun) / 1000;
    return await throughAgent(engine, work, curlSeconds, context);
  } finally {
    api.close();
    await engine.close();
  }
}

async function throughAgent(
  engine: PrivateEngine,
  work: Workload,
  curlSeconds: number,
  { way, scratch }: RowContext,
): Promise<Figures> {
  const loki = await CountingLoki.start();
  try {
    const source = `type: docker, endpoint: "${engine.endpoint}", transport: api, start_at: beginning`;
    const sections = `sources: { containers: { ${source} } }\nsinks: { loki: { type: loki, url: "${loki.url}" } }`;
    const engineBefore = cpuSecondsOf(engine.pid);
    const agent = await Agent.start(way, scratch, sections);
    try {
      let first = 0;
      await agent.until(async () => {
        first = await delivered(agent.port, 'loki');
        return first > 0;
      });
      const started = await agent.measured();
      await agent.until(async () => (await delivered(agent.port, 'loki')) >= work.lines);
      const { seconds, cpuSeconds, peakRssMb } = await agent.measured();
      const engineSeconds = cpuSecondsOf(engine.pid) - engineBefore;
      // What is read before it is known how far behind the log is goes to the live streams.
      await loki.check(work, 'live');
      const millions = work.lines / 1e6;
      const rest = (work.lines - first) / work.lines;
      if (rest < 0.5) throw new Error(`${first} of ${work.lines} lines were delivered before anybody looked`);
      return {
        cpuSecondsPerMillion: (cpuSeconds - started.cpuSeconds) / rest / millions,
        timesCurl: (seconds - started.seconds) / rest / curlSeconds,
        startCpuSeconds: started.cpuSeconds,
        startSeconds: started.seconds,
        seconds,
        curlSeconds,
        engineSecondsPerMillion: engineSeconds / millions,
        peakRssMb,
      };
    } finally {
      await agent.stop();
    }
  } finally {
    loki.close();
  }
}

export const api: Row = {
  title: 'a log of 65 MB through the API of the engine → Loki',
  kinds: {
    cpuSecondsPerMillion: {
      unit: 'CPU-s per million lines, after the first ones',
      atMost: 1,
      onSlowMachine: 'more',
    },
    timesCurl: { unit: 'of the time that curl takes, after the first ones', atMost: 1 },
    startCpuSeconds: { unit: 'CPU-s up to the first lines', onSlowMachine: 'more' },
    startSeconds: { unit: 's up to the first lines', onSlowMachine: 'more' },
    seconds: { unit: 's in all', onSlowMachine: 'more' },
    curlSeconds: { unit: 's of curl', onSlowMachine: 'more' },
    engineSecondsPerMillion: { unit: 'CPU-s of dockerd per million lines', onSlowMachine: 'more' },
    peakRssMb: { unit: 'MB resident at most' },
  },
  missing: whyNoPrivateEngine,
  run,
};
