/**
 * npm run bench:soak-faults: a soak on an engine of its own, whose connections are cut, which hangs, whose socket vanishes and
 * which is restarted, in turns, again and again. The report goes to `--directory`; the exit code is 1 where a criterion
 * fails.
 */
import { parseArgs } from 'node:util';
import { runSoak, type SoakTools } from '../src/soak/soak.js';
import { SUPPORT_FOLDER } from '../test/support/engine.js';
import { EngineApi } from '../test/support/engine-api.js';
import { cutConnections, hangEngine, hideSocket, restartEngine } from '../test/support/engine-faults.js';
import { ensureImage } from '../test/support/image.js';
import { PrivateEngine } from '../test/support/private-engine.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    containers: { type: 'string', default: '20' },
    'rotate-seconds': { type: 'string', default: '2' },
    'liveness-seconds': { type: 'string', default: '5' },
    'calm-seconds': { type: 'string', default: '45' },
    directory: { type: 'string', default: 'soak-faults' },
  },
});
const CONTAINERS = Number(values.containers);
const MINUTES = Number(values.minutes);
const LIVENESS_MS = Number(values['liveness-seconds']) * 1_000;
const CALM_MS = Number(values['calm-seconds']) * 1_000;
const CUTS = 5;
/** A fault that the end of the run would cut off is not begun. */
const FAULT_MS = 30_000;

async function strike(tools: SoakTools, engine: PrivateEngine): Promise<void> {
  const faults = [
    () => cutConnections(tools, CUTS),
    () => hangEngine(tools, engine, LIVENESS_MS),
    () => hideSocket(tools, engine, LIVENESS_MS),
    () => restartEngine(tools, engine, LIVENESS_MS),
  ];
  const last = performance.now() + MINUTES * 60_000 - FAULT_MS;
  for (let i = 0; ; i++) {
    await tools.scope.sleep(CALM_MS);
    if (tools.scope.isClosing || performance.now() > last) return;
    await faults[i % faults.length]();
  }
}

const engine = await PrivateEngine.start();
try {
  const api = new EngineApi(engine.endpoint, 'soak-faults');
  const image = await ensureImage(api, SUPPORT_FOLDER);
  api.close();
  const { passed } = await runSoak(
    {
      containers: CONTAINERS,
      minutes: MINUTES,
      rotateEveryMs: Number(values['rotate-seconds']) * 1_000,
      churn: false,
      image,
      attach: undefined,
      endpoint: engine.endpoint,
      directory: values.directory,
      maxStreams: CONTAINERS,
    },
    {
      command: ['node dist/bench/soak-faults.js', ...process.argv.slice(2)].join(' '),
      output: process.stderr,
      signal: new AbortController().signal,
      livenessTimeoutMs: LIVENESS_MS,
      whileRunning: (tools) => strike(tools, engine),
    },
  );
  process.exitCode = passed ? 0 : 1;
} finally {
  await engine.close();
}
