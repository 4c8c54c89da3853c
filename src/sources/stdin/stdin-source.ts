/**
 * Lines of standard input, until it ends. What ends a line is a newline; the last one need not have it. A pipe cannot
 * be read again: there is no position, and what was read and not committed at a kill is lost. A graceful stop pushes all
 * that was read by then.
 */
import type { StdinSourceConfig } from '../../config/types.js';
import type { Pipeline, Source, SourceFigures } from '../../pipeline/contract.js';
import { NO_CONTAINERS, noReads } from '../../pipeline/read-totals.js';
import type { Labels } from '../../pipeline/streams.js';
import type { Scope } from '../../runtime/scope.js';
import { takeUnread } from '../../runtime/unread.js';
import { ArrivalClock } from './arrival.js';
import { LineSplitter } from './line-splitter.js';

export class StdinSource implements Source {
  readonly name: string;
  readonly #config: StdinSourceConfig;
  readonly #labels: Labels;
  readonly #input: NodeJS.ReadStream;
  readonly #totals = noReads();
  readonly #retired = noReads();
  #hasRun = false;

  constructor(name: string, config: StdinSourceConfig, labels: Labels, input: NodeJS.ReadStream) {
    this.name = name;
    this.#config = config;
    this.#labels = labels;
    this.#input = input;
  }

  figures(): SourceFigures | undefined {
    if (!this.#hasRun) return undefined;
    const active = new Map([[this.#config.container, this.#totals]]);
    return { ...NO_CONTAINERS, active, retired: this.#retired };
  }

  /** Returns when the input ends or the scope closes. */
  async run(scope: Scope, pipeline: Pipeline): Promise<void> {
    this.#hasRun = true;
    const { container, maxLineBytes } = this.#config;
    const input = this.#input;
    const key = `stdin/${this.name}`;
    const stream = pipeline.streams.acquire({ ...this.#labels, container, stream: 'stdout' });
    const splitter = new LineSplitter({
      stream: stream.id,
      maxLineBytes,
      clock: new ArrivalClock(),
      push: (batch, lines) => {
        this.#totals.linesRead += lines;
        const { bytesRead } = this.#totals;
        return pipeline.push(batch, key, null, { key, from: bytesRead, to: bytesRead, lines });
      },
    });
    const feed = async (chunk: Buffer): Promise<void> => {
      this.#totals.bytesRead += chunk.length;
      await splitter.feed(chunk);
    };
    let rest: Buffer[] = [];
    const closed = scope.own('listener', 'standard input', () => {
      // Destroying drops it.
      rest = takeUnread(input);
      input.destroy();
    });
    const closing = scope.onClosing('standard input', () => void closed.release());
    try {
      for await (const chunk of input) await feed(chunk as Buffer);
    } catch (error) {
      // Closing ends the reading in the middle.
      if (!scope.isClosing) throw error;
    } finally {
      for (const chunk of rest) await feed(chunk);
      await splitter.end();
      pipeline.streams.release(stream);
      await closing.release();
      await closed.release();
    }
  }
}
