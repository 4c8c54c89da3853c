/** What a running agent says of its sinks. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from './agent.js';

export interface SinkState {
  readonly name: string;
  readonly state: string;
  readonly linesDelivered: number;
  readonly linesRejected: Readonly<Record<string, number>>;
  readonly linesLost: Readonly<Record<string, number>>;
  readonly gaps: number;
  readonly lastError?: string;
}

const EVERY_MS = 100;

export async function sinkState(agent: Agent, name: string): Promise<SinkState> {
  const { sinks } = await agent.get<{ sinks: SinkState[] }>('/api/v1/sinks');
  const found = sinks.find((sink) => sink.name === name);
  if (!found)
    throw new Error(`The agent knows no sink ${name}, only ${sinks.map((sink) => sink.name).join(', ')}.`);
  return found;
}

/** Resolves with the first state that `wanted` accepts, or with the last one after `deadlineMs`, for the test to judge. */
export async function sinkUntil(
  agent: Agent,
  name: string,
  wanted: (state: SinkState) => boolean,
  deadlineMs: number,
): Promise<SinkState> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const state = await sinkState(agent, name);
    if (wanted(state) || performance.now() > deadline) return state;
    await sleep(EVERY_MS);
  }
}
