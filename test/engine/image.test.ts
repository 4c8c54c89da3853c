/** The image as people run it: built from the Dockerfile, started by the README's line, closed as tightly as can be. */
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { sourceDigest } from '../../scripts/digest.mjs';
import { AgentContainer, buildAgentImage } from '../support/agent-image.js';
import { whyNoPackages } from '../support/debian-packages.js';
import { EngineApi } from '../support/engine-api.js';
import { describeWithOwnEngine, expectedOf, startWriters } from '../support/engine-test.js';
import type { WriterSpec } from '../support/lines.mjs';
import { assertExact } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { freePort } from '../support/ports.js';
import { projectRoot } from '../support/project.js';
import { scratch } from '../support/scratch.js';
import { startSocketProxy } from '../support/socket-proxy.js';

const NOBODY = 65_534;
const REVISION = '0123456789ab';
const BUILD_DEADLINE_MS = 900_000;
const COMPLETE_DEADLINE_MS = 60_000;
const OUTPUT_INTERNALS = '.log-capturer';

function writers(
  name: string,
  count: number,
  out: number,
  err: number,
  linesPerSecond?: number,
): WriterSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${name}-${i}`,
    out,
    err,
    seed: 7_000 + i,
    ...(linesPerSecond === undefined ? {} : { linesPerSecond }),
  }));
}

describeWithOwnEngine('the image', (bed) => {
  let image = '';

  beforeAll(async () => {
    image = await buildAgentImage(bed().api, REVISION);
  }, BUILD_DEADLINE_MS);

  const socket = (): string => `${bed().engine.folder}/docker.sock`;
  const socketBind = (): string => `${socket()}:/var/run/docker.sock:ro`;
  const logFilesBind = (): string => {
    const logFiles = `${bed().facts.rootDir}/containers`;
    return `${logFiles}:${logFiles}:ro`;
  };

  /** A volume, a configuration that puts what the containers `name-…` write on disk. */
  async function prepared(name: string, owner: number) {
    const folder = scratch(name);
    const output = path.join(folder, 'out');
    mkdirSync(output);
    chownSync(output, owner, owner);
    const [port, metricsPort] = [await freePort(), await freePort()];
    const config = {
      server: { port },
      metrics: { port: metricsPort },
      sources: {
        containers: { type: 'docker', start_at: 'beginning', include: { names: [`${name}-*`] } },
      },
      sinks: { local: { type: 'file', directory: '/out', max_files: 10_000, max_total_bytes: '100GiB' } },
    };
    const configFile = path.join(folder, 'config.yaml');
    writeFileSync(configFile, JSON.stringify(config));
    chmodSync(configFile, 0o644);
    const binds = [
      `log-capturer-${name}:/data`,
      `${configFile}:/etc/log-capturer/config.yaml:ro`,
      `${output}:/out`,
    ];
    return { folder, output, metricsPort, options: { image, binds, port } };
  }

  /** Sorted names; what was there before the agent counts with the rest. */
  function capturedContainers(output: string): string[] {
    const folders = readdirSync(output, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== OUTPUT_INTERNALS)
      .map(({ name }) => name.replace(/\.catch-up$/, ''));
    return [...new Set(folders)].sort();
  }

  /** Resolves when something of every writer is on disk. */
  async function allBegun(
    agent: AgentContainer,
    output: string,
    specs: readonly WriterSpec[],
  ): Promise<void> {
    await agent.until('captured all of them', async () => {
      const captured = capturedContainers(output);
      return specs.every(({ name }) => captured.includes(name)) || undefined;
    });
  }

  it('captures its neighbours exactly, without itself, over docker restart and a new container on the old volume', async () => {
    const { output, metricsPort, options } = await prepared('neighbour', 0);
    const container = { ...options, binds: [...options.binds, socketBind(), logFilesBind()] };
    const specs = writers('neighbour', 10, 2_000, 1_000, 150);

    // Its own name is one of those to be captured: only that it knows itself keeps it out.
    const agent = await AgentContainer.start(bed().api, { ...container, name: 'neighbour-agent' });
    const [, token] = await agent.said(/http:\S*[?&]token=([\w-]{20,})/);
    const { done, ended } = await startWriters(bed(), specs);
    await allBegun(agent, output, specs);
    expect(await agent.restart(), await agent.log()).toBe(0);
    expect(ended(), 'writers that had ended at the restart').toBeLessThan(specs.length);

    await agent.becomes('healthy');
    expect((await agent.get('/api/v1/containers')).status).toBe(401);
    expect((await agent.get('/api/v1/containers', `${token}x`)).status).toBe(401);
    const build = await agent.get('/api/v1/build', token);
    expect(await build.json()).toMatchObject({
      digest: sourceDigest(projectRoot()),
      revision: REVISION,
      dirty: false,
    });
    const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(await metrics.text()).toContain(`revision="${REVISION}"`);

    await done;
    await outputsComplete(output, expectedOf(specs), COMPLETE_DEADLINE_MS);
    expect(await agent.stop(), await agent.log()).toBe(0);
    await agent.remove();

    // Written while nobody looks.
    const late = writers('neighbour-late', 2, 300, 100);
    await (await startWriters(bed(), late)).done;
    const next = await AgentContainer.start(bed().api, { ...container, name: 'neighbour-agent' });
    await outputsComplete(output, expectedOf(late), COMPLETE_DEADLINE_MS);
    await next.said(new RegExp(`token=${token}`));
    expect(await next.stop(), await next.log()).toBe(0);

    const all = [...specs, ...late];
    expect(assertExact(output, expectedOf(all)).lines).toBe(10 * 3_000 + 2 * 400);
    expect(capturedContainers(output)).toEqual(all.map(({ name }) => name).sort());
  });

  it('captures through the API where it is not root and has nothing but the socket', async () => {
    const { output, options } = await prepared('nobody', NOBODY);
    const { gid } = statSync(socket());
    const specs = writers('nobody', 5, 2_000, 1_000, 150);
    const agent = await AgentContainer.start(bed().api, {
      ...options,
      binds: [...options.binds, socketBind()],
      name: 'nobody-agent',
      user: `${NOBODY}:${gid}`,
    });
    const { done, ended } = await startWriters(bed(), specs);
    await allBegun(agent, output, specs);
    expect(await agent.restart(), await agent.log()).toBe(0);
    expect(ended(), 'writers that had ended at the restart').toBeLessThan(specs.length);
    await agent.becomes('healthy');
    await done;
    await outputsComplete(output, expectedOf(specs), COMPLETE_DEADLINE_MS);
    expect(await agent.stop(), await agent.log()).toBe(0);
    expect(assertExact(output, expectedOf(specs)).lines).toBe(5 * 3_000);
    expect(capturedContainers(output)).toEqual(specs.map(({ name }) => name));
  });

  it.skipIf(whyNoPackages() !== undefined)(
    'captures through the socket proxy, which refuses all it need not ask',
    async () => {
      const { folder, output, options } = await prepared('proxied', NOBODY);
      const proxy = await startSocketProxy(socket(), folder);
      const specs = writers('proxied', 3, 2_000, 1_000, 1_000);
      const agent = await AgentContainer.start(bed().api, {
        ...options,
        name: 'proxied-agent',
        user: `${NOBODY}:${NOBODY}`,
        env: [`DOCKER_HOST=${proxy.replace('http:', 'tcp:')}`],
      });
      const { ids, done } = await startWriters(bed(), specs);
      await done;
      await outputsComplete(output, expectedOf(specs), COMPLETE_DEADLINE_MS);
      expect(await agent.stop(), await agent.log()).toBe(0);
      expect(assertExact(output, expectedOf(specs)).lines).toBe(3 * 3_000);
      expect(capturedContainers(output)).toEqual(specs.map(({ name }) => name));

      const [id] = ids;
      const through = new EngineApi(proxy, '');
      const answers = async (method: string, target: string): Promise<number> =>
        (await through.request(method, target)).status;
      expect(await answers('GET', `/containers/${id}/json`)).toBe(200);
      const refused = [
        ['POST', `/containers/${id}/start`],
        ['POST', '/v1.41/containers/create'],
        ['POST', `/containers/${id}/exec`],
        ['POST', '/build'],
        ['DELETE', `/containers/${id}`],
        ['PUT', `/containers/${id}/archive?path=/`],
        ['GET', `/containers/${id}/archive?path=/etc/passwd`],
        ['GET', `/containers/${id}/export`],
        ['GET', `/containers/${id}/attach/ws`],
        ['GET', `/containers/${id}/json/../export`],
        ['GET', `/containers/${id}%2fexport/json`],
        ['GET', '/images/json'],
        ['GET', '/secrets'],
      ];
      for (const [method, target] of refused)
        expect([target, await answers(method, target)]).toEqual([target, 403]);
      through.close();
    },
  );
});
