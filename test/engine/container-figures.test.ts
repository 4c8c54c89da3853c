/** What the API says of a container is what its engine says: when it started, how often again, what it wrote, and when last. */
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import type { ContainerView } from '../../src/server/shapes/container.js';
import type { FlowView } from '../../src/server/shapes/flow.js';
import { Agent } from '../support/agent.js';
import { describeWithEngine, fileSinkConfig, startWriters } from '../support/engine-test.js';
import { scratch } from '../support/scratch.js';

const WAIT = { timeout: 60_000, interval: 100 };
const LABELS = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
const SPEC = { name: 'figures-web', out: 200, err: 100, seed: 1 };

interface Inspected {
  readonly State: { readonly StartedAt: string };
}

describeWithEngine('figures of containers', (bed) => {
  it('agree with the engine, over a restart', async () => {
    const { api, facts } = bed;
    const folder = scratch('figures');
    const agent = await Agent.start({
      folder,
      config: fileSinkConfig(facts, ['figures-*'], path.join(folder, 'out')),
    });
    await agent.ready();
    const figures = async (): Promise<ContainerView> => {
      const { containers } = await agent.get<{ containers: ContainerView[] }>('/api/v1/containers');
      return containers.find(({ name }) => name === SPEC.name) as ContainerView;
    };
    const startedAt = async (): Promise<number> => {
      const { State } = (await api.inspect(id)) as unknown as Inspected;
      return Date.parse(State.StartedAt);
    };
    /** Events tell whole seconds. */
    const agreesOn = (shown: string | null, ms: number): void => {
      expect(Math.abs(Date.parse(shown ?? '') - ms)).toBeLessThanOrEqual(1_500);
    };

    const { ids, done } = await startWriters(bed, [{ ...SPEC, labels: LABELS }]);
    const [id] = ids;
    await done;
    const written = async (): Promise<number> => {
      const { stdout, stderr } = await api.logs(id);
      return [stdout, stderr].reduce((sum, all) => sum + all.toString('latin1').split('\n').length - 1, 0);
    };
    const first = await written();
    expect(first).toBeGreaterThanOrEqual(SPEC.out + SPEC.err);
    const before = await vi.waitFor(async () => {
      const shown = await figures();
      expect(shown).toMatchObject({ lines: first, state: 'exited', lagSeconds: 0 });
      return shown;
    }, WAIT);
    expect(before).toMatchObject({
      id,
      composeProject: 'shop',
      restarts: 0,
      partial: 0,
      cut: 0,
      gaps: 0,
      labels: { container: SPEC.name, compose_project: 'shop' },
    });
    expect(before.bytes).toBeGreaterThan(before.lines);
    agreesOn(before.startedAt, await startedAt());
    const last = Date.parse(before.lastLine ?? '');
    expect(last).toBeGreaterThanOrEqual(Date.parse(before.startedAt ?? ''));
    expect(last).toBeLessThanOrEqual(Date.now());

    // A second apart at least, or the two starts would be told as one.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await api.start(id);
    await api.wait(id);
    const second = await written();
    expect(second).toBe(2 * first);
    await vi.waitFor(async () => expect(await figures()).toMatchObject({ lines: second, restarts: 1 }), WAIT);
    const after = await figures();
    agreesOn(after.startedAt, await startedAt());
    expect(Date.parse(after.lastLine ?? '')).toBeGreaterThan(last);
    // A rate is what came between two looks, and all of it may have come before the first look at this container.
    await vi.waitFor(async () => {
      await api.start(id);
      await api.wait(id);
      const { rates } = await figures();
      expect(rates.some((rate) => rate > 0)).toBe(true);
    }, WAIT);

    const all = await written();
    await vi.waitFor(async () => expect(await figures()).toMatchObject({ lines: all }), WAIT);
    const flow = await agent.get<FlowView>('/api/v1/flow');
    expect(flow.sources).toMatchObject([{ name: 'containers', type: 'docker', lines: all }]);
    const { file, api: overApi } = flow.sources[0].containers;
    expect(file + overApi).toBe(1);
    await agent.stop();
  });
});
