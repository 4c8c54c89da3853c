/**
 * The sources that run, each in a scope of its own, so that one can end and begin while the others go on: positions stay in
 * the journal, and the next source that has one goes on from there.
 */
import { createSource } from '../components.js';
import type { SourceConfig } from '../config/types.js';
import type { Pipeline, ReadTotals, Source, SourceFigures, TellReads } from '../pipeline/contract.js';
import { addReads, noReads } from '../pipeline/read-totals.js';
import type { Labels } from '../pipeline/streams.js';
import type { Logger } from '../runtime/log.js';
import type { Scope } from '../runtime/scope.js';
import { type ContainerSource, containerIdOf } from '../server/container-view.js';
import type { DockerSource } from '../sources/docker/source.js';
import type { TuningRules } from '../sources/docker/tuning.js';
import type { Health } from '../telemetry/health.js';
import { RunningSet } from './running-set.js';

export interface SourceParts {
  readonly pipeline: Pipeline;
  readonly log: Logger;
  readonly health: Health;
  /** Folders that the agent writes into. Absolute. */
  readonly ownFolders: () => readonly string[];
  readonly tuning: TuningRules;
  /** Every source has come to its end by itself; `scope` is that of the last one. */
  readonly onAllEnded: (scope: Scope) => Promise<void>;
}

type Sources = Readonly<Record<string, SourceConfig>>;
export type AnySource = Source | DockerSource;

interface Running {
  readonly source: AnySource;
  readonly type: SourceConfig['type'];
  readonly scope: Scope;
  hasEnded: boolean;
}

export class SourceSet {
  readonly #parts: SourceParts;
  readonly #running: RunningSet<Running>;
  /** What sources that were ended had read in this run, by name. */
  readonly #before = new Map<string, ReadTotals>();

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#running = new RunningSet('source', parts.log);
  }

  get all(): readonly AnySource[] {
    return [...this.#running.all.values()].map(({ source }) => source);
  }

  get views(): ContainerSource[] {
    return [...this.#running.all].map(([name, { source, type }]) => ({
      name,
      type,
      figures: () => this.#figuresOf(name),
      tellReads: (tell) => this.#tellReads(name, tell),
      ...('containers' in source && { containers: () => source.containers() }),
    }));
  }

  /** Of those that run, and of those that were ended in this run of the agent. */
  get figures(): SourceFigures[] {
    return [...new Set([...this.#running.all.keys(), ...this.#before.keys()])].flatMap(
      (name) => this.#figuresOf(name) ?? [],
    );
  }

  /** Makes the sources `names` of `sources`; opens nothing. */
  async make(sources: Sources, names: readonly string[], labels: Labels): Promise<Map<string, AnySource>> {
    const made = new Map<string, AnySource>();
    for (const name of names)
      made.set(name, await createSource(name, sources[name], { ...this.#parts, labels }));
    return made;
  }

  /** Ends those that run under `names`: what they have read is in the pipeline then. */
  async end(names: readonly string[]): Promise<void> {
    await this.#running.end(names, (name, { source }) => {
      const figures = source.figures();
      const totals = this.#before.get(name) ?? noReads();
      for (const read of figures ? [figures.retired, ...figures.active.values()] : []) addReads(totals, read);
      this.#before.set(name, totals);
      this.#parts.health.remove(name);
    });
  }

  /** The sources are those of `sources` from now on; `made` are the ones of them that do not run yet. `scope` owns theirs. */
  begin(scope: Scope, sources: Sources, made: ReadonlyMap<string, AnySource>): void {
    const begun = new Map<string, Running>();
    for (const [name, source] of made)
      begun.set(name, { source, type: sources[name].type, scope: scope.child(name), hasEnded: false });
    this.#running.begin(Object.keys(sources), begun);
    for (const [name, running] of begun) void running.scope.run(name, () => this.#run(running));
  }

  async #run(running: Running): Promise<void> {
    await running.source.run(running.scope, this.#parts.pipeline);
    if (running.scope.isClosing) return;
    running.hasEnded = true;
    if ([...this.#running.all.values()].every(({ hasEnded }) => hasEnded))
      await this.#parts.onAllEnded(running.scope);
  }

  /** As Source has it; where it has none, by what its figures name. */
  #tellReads(name: string, tell: TellReads): void {
    const before = this.#before.get(name);
    if (before) tell(undefined, before.linesRead, before.bytesRead);
    const running = this.#running.all.get(name);
    if (!running) return;
    const { source, type } = running;
    if ('containers' in source) return source.tellReads?.(tell);
    const tellName: TellReads = (own, lines, bytes) =>
      tell(own === undefined ? undefined : containerIdOf(type, own), lines, bytes);
    if (source.tellReads) return source.tellReads(tellName);
    const { retired, active } = source.figures() ?? NOTHING_READ;
    tell(undefined, retired.linesRead, retired.bytesRead);
    for (const [own, { linesRead, bytesRead }] of active) tellName(own, linesRead, bytesRead);
  }

  #figuresOf(name: string): SourceFigures | undefined {
    const figures = this.#running.all.get(name)?.source.figures();
    const before = this.#before.get(name);
    if (!before) return figures;
    const retired = { ...before };
    if (figures) addReads(retired, figures.retired);
    return { ...(figures ?? NOTHING), retired };
  }
}

const NOTHING_READ: Pick<SourceFigures, 'active' | 'retired'> = { active: new Map(), retired: noReads() };

const NOTHING: Omit<SourceFigures, 'retired'> = {
  active: new Map(),
  containers: {},
  streams: [],
  streamCapacity: 0,
  waiting: 0,
  stalled: 0,
};
