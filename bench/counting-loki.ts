/** The counting Loki of the benchmarks as a child process on the core that the agent does not have. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { CountingResult, Examine, Victim } from '../test/support/loki/counting.js';
import type { Workload } from './generate.js';
import { fork } from './live-bed.js';

const PROGRAM = '../test/support/loki/counting.js';

export class CountingLoki {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<CountingLoki> {
    const child = fork(PROGRAM);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new CountingLoki(child, port);
  }

  /** See `Victim`. */
  kill(victim: Victim): void {
    this.#child.send(victim);
  }

  /** Takes no more, and looks at everything. */
  async result(first: Examine['first'] = 'catch_up', cutsNewlines = false): Promise<CountingResult> {
    this.#child.send({ first, cutsNewlines } satisfies Examine);
    return ((await once(this.#child, 'message')) as [CountingResult])[0];
  }

  /** `result`. Throws an Error that names the first lines that are not the workload's. */
  async check(work: Workload, first?: Examine['first']): Promise<CountingResult> {
    const result = await this.result(first);
    for (const { name, digests } of work.containers) {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (result.digests[`${name} ${stream}`] !== digests[stream])
          throw new Error(`${name} ${stream}: lines differ`);
      }
    }
    if (result.lines !== work.lines) throw new Error(`${result.lines} lines came, not ${work.lines}`);
    return result;
  }

  close(): void {
    this.#child.kill();
  }
}
