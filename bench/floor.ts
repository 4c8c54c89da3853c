/**
 * How fast the machine is at the moment: what snappy alone costs for the same messages, on the agent's core. Half of what an
 * agent does is this, so the ratio to it says of two runs which one was better, where seconds say which hour was.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Workload } from './generate.js';
import { forkOn } from './live-bed.js';

export class Floor {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(work: Workload): Promise<Floor> {
    const child = forkOn(0, 'floor-loop.js', [work.directory]);
    await once(child, 'message');
    return new Floor(child);
  }

  /** CPU-seconds per million lines. */
  async measure(): Promise<number> {
    this.#child.send({});
    const [{ cpuSecondsPerMillion }] = (await once(this.#child, 'message')) as [
      { cpuSecondsPerMillion: number },
    ];
    return cpuSecondsPerMillion;
  }

  close(): void {
    this.#child.kill();
  }
}
