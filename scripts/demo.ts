/**
 * npm run demo: the agent with a few chatty sample containers beside it, on the engine that is there, else on a private
 * one; where neither can be had, on made-up containers inside the agent. Everything that it started is gone afterwards.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NoEngineError, type ObtainedEngine, obtainEngine } from '../test/support/engine.js';
import { EngineApi } from '../test/support/engine-api.js';
import { chatterCommand } from '../test/support/image.js';

const MAIN = path.resolve(import.meta.dirname, '../src/main.js');
const NAMES = ['web', 'api', 'checkout', 'postgres', 'mailer'];
const MEAN_PAUSE_MS = 500;

const scratch = mkdtempSync(path.join(tmpdir(), 'log-capturer-demo-'));
const engine = await findEngine();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
try {
  if (engine) await startSamples(engine);
  if (!interrupted.signal.aborted) await runAgent(engine);
} finally {
  await engine?.close();
  rmSync(scratch, { recursive: true, force: true });
}

async function findEngine(): Promise<ObtainedEngine | undefined> {
  console.error('Looking for a Docker engine, or starting a private one ...');
  try {
    return await obtainEngine();
  } catch (error) {
    if (!(error instanceof NoEngineError)) throw error;
    console.error(`No sample containers: ${error.message}.\nThe agent makes up some of its own.`);
    return undefined;
  }
}

async function startSamples({ facts }: ObtainedEngine): Promise<void> {
  const api = new EngineApi(facts.endpoint, facts.run);
  for (const name of NAMES) {
    const command = chatterCommand(name, 0, MEAN_PAUSE_MS);
    await api.start(await api.create({ name: `demo-${name}`, image: facts.image, command }));
  }
  api.close();
  console.error(`Started ${NAMES.length} sample containers; they go when the demo ends (Ctrl-C).`);
}

async function runAgent(engine: ObtainedEngine | undefined): Promise<void> {
  const source = engine
    ? { type: 'docker', endpoint: engine.facts.endpoint }
    : { type: 'demo', lines_per_second: 10 };
  const configFile = path.join(scratch, 'demo.yaml');
  // JSON is YAML.
  writeFileSync(
    configFile,
    JSON.stringify({ data_dir: path.join(scratch, 'data'), sources: { containers: source } }),
  );
  const agent = spawn(process.execPath, [MAIN, 'run', '--config', configFile], {
    stdio: 'inherit',
    detached: true,
  });
  // Detached: a terminal's Ctrl-C reaches this process only, so that the agent hears of it once.
  interrupted.signal.addEventListener('abort', () => agent.kill('SIGTERM'), { once: true });
  const [code] = (await once(agent, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
