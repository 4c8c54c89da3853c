/**
 * What has to be known of captured containers that are gone when the agent starts: whose lines are missing then, and whether
 * any are. Beside the readers' position `docker/<container id>`, and forgotten with it:
 *
 *   docker-known/<container id>   {labels, drained?: true}; drained: it did not run, and all that it
 *                                 wrote was read, or is not wanted
 *
 * One that was drained, started again and removed while no agent ran is gone without a trace.
 */
import type { Pipeline, Position } from '../../pipeline/contract.js';
import type { LineTime } from '../../pipeline/line-time.js';
import type { Labels } from '../../pipeline/streams.js';
import { timeOfPosition } from './json-file/position.js';

const POSITION_KEY = 'docker/';
const KNOWN_KEY = 'docker-known/';

interface Known {
  readonly labels: Labels;
  readonly isDrained: boolean;
}

export class KnownContainers {
  readonly #pipeline: Pipeline;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** It is read from here on, with these labels. */
  captured(id: string, labels: Labels): void {
    this.#remember(id, { labels, isDrained: false });
  }

  renamed(id: string, labels: Labels): void {
    const known = this.#known(id);
    if (known) this.#remember(id, { ...known, labels });
  }

  /** It does not run and was read to its end, or is not to be captured any more: nothing of it is missing. */
  drained(id: string): void {
    const known = this.#known(id);
    if (known) this.#remember(id, { ...known, isDrained: true });
  }

  /** It runs, or may. */
  woken(id: string): void {
    const known = this.#known(id);
    if (known) this.#remember(id, { ...known, isDrained: false });
  }

  forget(id: string): void {
    if (this.#known(id)) this.#pipeline.setPosition(KNOWN_KEY + id, undefined);
  }

  /** Forgets those that are not there any more. What of them was not read is a gap up to `now`. */
  forgetRemoved(isThere: (id: string) => boolean, now: LineTime): void {
    const pipeline = this.#pipeline;
    for (const key of pipeline.positionKeys(POSITION_KEY)) {
      const id = key.slice(POSITION_KEY.length);
      if (isThere(id)) continue;
      const { labels, isDrained } = this.#known(id) ?? { labels: unnamed(id), isDrained: false };
      const position = pipeline.position(key);
      const from = position === undefined ? undefined : timeOfPosition(position);
      const detail = 'the container was removed while the agent was not running';
      if (!isDrained) pipeline.gap({ why: 'blind', from, to: now, detail }, labels);
      pipeline.setPosition(key, undefined);
    }
    for (const key of pipeline.positionKeys(KNOWN_KEY))
      if (!isThere(key.slice(KNOWN_KEY.length))) pipeline.setPosition(key, undefined);
  }

  #known(id: string): Known | undefined {
    const known = this.#pipeline.position(KNOWN_KEY + id);
    if (typeof known !== 'object' || known === null || Array.isArray(known)) return undefined;
    return { labels: (known as { readonly labels: Labels }).labels, isDrained: 'drained' in known };
  }

  #remember(id: string, { labels, isDrained }: Known): void {
    const value: Position = { labels: { ...labels }, ...(isDrained && { drained: true }) };
    const before = this.#pipeline.position(KNOWN_KEY + id);
    if (JSON.stringify(before) !== JSON.stringify(value)) this.#pipeline.setPosition(KNOWN_KEY + id, value);
  }
}

/** Of a container that an older version captured. */
function unnamed(id: string): Labels {
  return { container: id.slice(0, 12) };
}
