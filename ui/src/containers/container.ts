/** What the page makes of a container as the API tells it. */
import type { ContainerView } from '../../../src/server/shapes/container.js';

export function isRunning({ state }: Pick<ContainerView, 'state'>): boolean {
  return state === 'running' || state === 'restarting';
}
