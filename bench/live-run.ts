/** An agent over containers that write while it runs, with a Loki that looks at each line's time. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type Way } from './agent-run.js';
import type { Arrived } from './delay-loki.js';
import { ask, fork, type LiveBed, startLiveBed, until } from './live-bed.js';

export interface LiveRun {
  readonly agent: Agent;
  readonly bed: LiveBed;
  /** delay-loki.ts */
  readonly loki: ChildProcess;
  /** Resolves with when the last one came, once so many lines have come in all. */
  readonly delivered: (lines: number) => Promise<Arrived>;
}

/** All of it lies in `folder`, and ends with `body`. `oldLines` are written before the agent is started. */
export async function withLiveAgent<T>(
  way: Way,
  folder: string,
  { containers, oldLines = 0 }: { readonly containers: number; readonly oldLines?: number },
  body: (run: LiveRun) => Promise<T>,
): Promise<T> {
  const loki = fork('delay-loki.js');
  const bed = await startLiveBed(folder, containers);
  try {
    const [{ port }] = (await once(loki, 'message')) as [{ port: number }];
    if (oldLines > 0) await bed.write(oldLines, 0);
    const agent = await Agent.start(
      way,
      folder,
      `sources: { containers: { type: docker, endpoint: "${bed.endpoint}", start_at: beginning } }
sinks: { loki: { type: loki, url: "http://127.0.0.1:${port}" } }`,
    );
    const delivered = async (lines: number): Promise<Arrived> => {
      let arrived: Arrived = { lines: 0, lastMs: 0 };
      await until(`${lines} lines were delivered`, async () => {
        arrived = await ask<Arrived>(loki, {});
        return arrived.lines >= lines;
      });
      return arrived;
    };
    try {
      return await body({ agent, bed, loki, delivered });
    } finally {
      await agent.stop();
    }
  } finally {
    loki.kill();
    bed.close();
  }
}

/** Resolves when so many containers are read as files. */
export async function allOpen(agent: Agent, containers: number): Promise<void> {
  await agent.until(async () => {
    const view = await agent
      .get<{ containers: { transport?: string }[] }>('containers')
      .catch(() => undefined);
    return view?.containers.filter(({ transport }) => transport === 'file').length === containers;
  });
}
