/** Which containers are captured: never the agent itself, never one that says no, else by include and exclude. */
import type { ContainerSelector, DockerSourceConfig } from '../../config/types.js';
import { matchesGlob } from '../../runtime/glob.js';
import type { ContainerFacts } from './facts.js';

export const COMPOSE_PROJECT = 'com.docker.compose.project';
const ENABLED = 'log-capturer.enabled';
const NO = new Set(['false', '0', 'no', 'off']);

/** Why the container is not to be captured, as words for people; undefined where it is. */
export function whyNotSelected(
  facts: ContainerFacts,
  { include, exclude }: Pick<DockerSourceConfig, 'include' | 'exclude'>,
  selfId: string | undefined,
): string | undefined {
  if (selfId && facts.id.startsWith(selfId)) return 'it is the agent itself';
  const enabled = facts.labels[ENABLED]?.trim().toLowerCase();
  if (enabled !== undefined && NO.has(enabled)) return `its label ${ENABLED} is ${enabled}`;
  if (include && !isIncluded(facts, include)) return 'it does not match include';
  if (exclude && isExcluded(facts, exclude)) return 'it matches exclude';
  return undefined;
}

function isIncluded(facts: ContainerFacts, match: ContainerSelector): boolean {
  return verdicts(facts, match).every((kind) => kind.every(Boolean));
}

function isExcluded(facts: ContainerFacts, match: ContainerSelector): boolean {
  return verdicts(facts, match).some((kind) => kind.some(Boolean));
}

/** Per kind that is given: one answer for a list of globs, one for each label. */
function verdicts(facts: ContainerFacts, match: ContainerSelector): boolean[][] {
  const kinds: boolean[][] = [];
  const any = (globs: readonly string[] | undefined, values: readonly string[]): void => {
    if (globs?.length) kinds.push([globs.some((glob) => values.some((value) => matchesGlob(glob, value)))]);
  };
  any(match.names, [facts.name]);
  any(match.images, [facts.image, imageName(facts.image)]);
  const project = facts.labels[COMPOSE_PROJECT];
  any(match.composeProjects, project === undefined ? [] : [project]);
  const labels = Object.entries(match.labels ?? {});
  if (labels.length > 0) {
    kinds.push(
      labels.map(([name, glob]) => {
        const value = facts.labels[name];
        return value !== undefined && matchesGlob(glob, value);
      }),
    );
  }
  return kinds;
}

/** `host:5000/acme/web:1.2@sha256:…` → `host:5000/acme/web` */
function imageName(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}
