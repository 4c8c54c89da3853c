/** An agent for a window to look into: it captures a test's containers from their beginning. */
import path from 'node:path';
import { Agent } from '../../support/agent.js';
import { type EngineBed, fileSinkConfig } from '../../support/engine-test.js';
import { scratch } from '../../support/scratch.js';

export interface Window {
  readonly agent: Agent;
  /** Of the agent, without a slash at the end. */
  readonly url: string;
  /** What the file sink writes. */
  readonly logs: string;
}

/** Runs until the test is over. `config` is added to what captures `names` into files. */
export async function startWindow(
  { facts }: EngineBed,
  names: readonly string[],
  { sinks = {}, ...config }: { readonly sinks?: object } & Readonly<Record<string, unknown>> = {},
): Promise<Window> {
  const folder = scratch('window');
  const logs = path.join(folder, 'logs');
  const base = fileSinkConfig(facts, names, logs);
  const agent = await Agent.start({
    folder,
    config: { ...base, ...config, sinks: { ...base['sinks'], ...sinks } },
  });
  await agent.ready();
  return { agent, url: agent.url, logs };
}
