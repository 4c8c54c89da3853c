/**
 * `check [file]`: what is wrong with a configuration; else the whole of what it comes to as YAML, then, as comments of
 * that YAML, the containers that it would take and their sinks. Warnings go to stderr. 0: it is right, 1: it is not.
 */
import { configYaml } from '../../config/render.js';
import { tuningProblem } from '../../config/tuning.js';
import type { Config, DockerSourceConfig } from '../../config/types.js';
import { AgentError, describeError } from '../../runtime/errors.js';
import { outputLabelOf } from '../../sources/docker/labels.js';
import { type ConfigOptions, loadFrom } from '../config-options.js';
import { containerTable, OUTPUT_VALUES, type Shown } from '../container-table.js';
import { inspectContainers } from '../inspect.js';
import { EXIT_FAILED } from '../program.js';
import { type Matchers, matchersOf, takersOf } from '../takers.js';

const INVALID = new Set(['CONFIG_INVALID', 'SECRET_UNREADABLE']);

export interface CheckOptions extends ConfigOptions {
  /** Ask no engine. */
  readonly offline?: boolean;
}

/** Answers the exit code. Throws CONFIG_UNREADABLE. */
export async function check(
  file: string | undefined,
  { offline, ...options }: CheckOptions,
): Promise<number> {
  let loaded: ReturnType<typeof loadFrom>;
  try {
    const named = file ?? options.config;
    loaded = loadFrom({ ...options, ...(named === undefined ? {} : { config: named }) });
  } catch (error) {
    if (!(error instanceof AgentError) || !INVALID.has(error.code)) throw error;
    console.error(describeError(error));
    return EXIT_FAILED;
  }
  const { config, warnings } = loaded;
  process.stdout.write(configYaml(config));
  const views = offline ? [] : await lookAtContainers(config);
  process.stdout.write(
    views
      .map(viewText)
      .join('')
      .replace(/^(?=.)/gm, '# '),
  );
  for (const warning of [...warnings, ...idleSinks(config, views)]) console.error(`Warning: ${warning}`);
  console.error(`OK: ${loaded.file ?? 'no configuration file, all defaults'}`);
  return 0;
}

/** What one docker source would take. */
interface View {
  readonly source: string;
  readonly trouble: string | undefined;
  readonly containers: readonly Shown[];
}

async function lookAtContainers(config: Config): Promise<View[]> {
  const matchers = matchersOf(config.sinks);
  const views: View[] = [];
  for (const [name, source] of Object.entries(config.sources)) {
    if (source.type === 'docker') views.push(await lookAt(name, source, config, matchers));
  }
  return views;
}

async function lookAt(
  name: string,
  source: DockerSourceConfig,
  { labels, sinks }: Config,
  matchers: Matchers,
): Promise<View> {
  const { trouble, containers } = await inspectContainers(name, source, labels, {
    problem: tuningProblem,
    sinkNames: () => Object.keys(sinks),
  });
  const outputLabel = outputLabelOf(source.labelPreset);
  const shown = containers.map((container) => ({
    ...container,
    labels: { ...container.labels, [outputLabel]: OUTPUT_VALUES },
    takers: matchers.size > 0 ? takersOf(container.labels, outputLabel, matchers) : undefined,
  }));
  return { source: name, trouble, containers: shown };
}

function viewText({ source, trouble, containers }: View): string {
  if (trouble !== undefined) return `\nsources.${source}: ${trouble}\n`;
  return `\nsources.${source} takes:\n${containerTable(containers)}`;
}

/** One sentence for each sink that would get nothing, where all that could come is known. */
function idleSinks({ sources, sinks }: Config, views: readonly View[]): string[] {
  const captured = views.flatMap(({ containers }) =>
    containers.filter(({ transport }) => transport !== 'none'),
  );
  const isAllKnown =
    views.length === Object.keys(sources).length && views.every(({ trouble }) => trouble === undefined);
  if (!isAllKnown || captured.length === 0) return [];
  const busy = new Set(captured.flatMap(({ takers = [] }) => takers.map(({ sink }) => sink)));
  return Object.keys(sinks)
    .filter((sink) => !busy.has(sink))
    .map((sink) => `sinks.${sink} takes none of these containers: compare its match with their labels.`);
}
