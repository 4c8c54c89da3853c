/**
 * What people meet at their first run, each with a sentence that they understand and the right exit code. Most of it
 * needs no engine; what depends on who may touch an engine's socket gets an engine of its own.
 */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { Agent, killAgents } from '../support/agent.js';
import {
  describeWithEngine,
  describeWithOwnEngine,
  fileSinkConfig,
  startWriters,
} from '../support/engine-test.js';
import { assertExact } from '../support/oracle.js';
import { outputsComplete } from '../support/outputs.js';
import { freePort } from '../support/ports.js';
import { type Program, programFor } from '../support/program.js';
import { scratch } from '../support/scratch.js';

const NOBODY = 65_534;
/** No such user or group need exist: the kernel only compares numbers. */
const SOME_USER = 61_234;
const SOCKET_GROUP = 61_235;

const isRoot = process.getuid?.() === 0;
const noEngine = (folder: string): object => ({
  sources: { containers: { type: 'docker', endpoint: `unix://${folder}/no-engine.sock` } },
});
const line = (name: string, out: number): { name: string; out: number; err: number; seed: number } => ({
  name,
  out,
  err: 0,
  seed: 1,
});

afterEach(killAgents);

describe('a first run without an engine', () => {
  it('says so once, goes on, and ends with 0', async () => {
    const folder = scratch('no-engine');
    const agent = await Agent.start({ folder, config: noEngine(folder) });
    await agent.ready();
    await agent.said(/No Docker engine is there at unix:.*no-engine\.sock/);
    await agent.said(/Start Docker|Mount the engine's socket/);
    expect((await agent.get<{ status: string }>('/health')).status).toBe('degraded');
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(agent.log.match(/No Docker engine is there/g)?.length).toBeLessThanOrEqual(2);
  });

  it('ends with 1 where the port is taken, and names the port and the way out', async () => {
    const folder = scratch('port');
    const holder = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => {
      holder.close();
    });
    const agent = await Agent.start({ folder, config: { ...noEngine(folder), server: { port } } });
    expect(await agent.exit, agent.log).toEqual({ code: 1, signal: null });
    expect(agent.log).toContain(String(port));
    expect(agent.log).toMatch(/--port/);
  });

  it('ends with 1 where the data directory cannot be written, and names it and the user', async () => {
    const folder = scratch('read-only');
    const dataDir = path.join(folder, 'data');
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o555);
    const program = isRoot ? programFor(NOBODY, NOBODY, folder) : undefined;
    const agent = await Agent.start({
      folder,
      dataDir,
      config: noEngine(folder),
      ...(program ? { uid: NOBODY, gid: NOBODY, program } : {}),
    });
    expect(await agent.exit, agent.log).toEqual({ code: 1, signal: null });
    expect(agent.log).toContain(`The data directory ${dataDir} may not be written by this user`);
    expect(agent.log).toContain('--data-dir');
  });

  it('ends with 1 where another agent uses the data directory, and names its process', async () => {
    const folder = scratch('in-use');
    const dataDir = path.join(folder, 'data');
    const first = await Agent.start({ folder, dataDir, config: noEngine(folder) });
    await first.ready();
    const second = await Agent.start({ folder, dataDir, config: noEngine(folder) });
    expect(await second.exit, second.log).toEqual({ code: 1, signal: null });
    expect(second.log).toContain(`in use by another agent (process ${first.pid})`);
    expect(await first.stop(), first.log).toMatchObject({ code: 0, signal: null });
  });

  it('ends with 2 where the configuration is wrong, names every place and starts nothing', async () => {
    const folder = scratch('config');
    const config =
      'server:\n  port: 8401x\nsources:\n  containers:\n    type: docker\n    start_att: beginning\n';
    const agent = await Agent.start({ folder, config });
    expect(await agent.exit, agent.log).toEqual({ code: 2, signal: null });
    expect(agent.log).toMatch(/config\.yaml:2:\d+: server\.port/);
    expect(agent.log).toMatch(/config\.yaml:6:5: sources\.containers\.start_att.*start_at/);
  });

  it('ends at once at a second SIGTERM while the first one hangs', async () => {
    const folder = scratch('second-term');
    const output = path.join(folder, 'out');
    const agent = await Agent.start({
      folder,
      preloads: ['hang-hook.mjs'],
      config: {
        sources: { sample: { type: 'demo', lines_per_second: 200 } },
        sinks: { local: { type: 'file', directory: output } },
      },
    });
    await agent.ready();
    agent.signal('SIGTERM');
    await agent.said(/SIGTERM/);
    const before = performance.now();
    agent.signal('SIGTERM');
    expect(await agent.exit, agent.log).toEqual({ code: 143, signal: null });
    // The drain has four seconds; only one that was not cut short takes this long.
    expect(performance.now() - before).toBeLessThan(3_000);
  });
});

describeWithEngine('a first run with an engine', (bed) => {
  it('drains and ends with 0 within 5 s of a SIGTERM while lines flow', async () => {
    const folder = scratch('drain');
    const output = path.join(folder, 'out');
    const specs = [0, 1, 2].map((i) => ({ ...line(`drain-${i}`, 1_000_000), linesPerSecond: 1_000 }));
    const config = fileSinkConfig(bed.facts, ['drain-*'], output);
    const agent = await Agent.start({ folder, config });
    await agent.ready();
    const writers = await startWriters(bed, specs);
    await outputsComplete(
      output,
      specs.map(({ name }) => ({ container: name, out: 1_000, err: 0 })),
      30_000,
    );
    const exit = await agent.stop();
    expect(exit, agent.log).toMatchObject({ code: 0, signal: null });
    expect(exit.ms).toBeLessThan(5_000);
    await Promise.all(writers.ids.map(async (id) => bed.api.remove(id)));
    await writers.done.catch(() => {});
  });
});

describeWithOwnEngine('a first run with an engine of its own', (bed) => {
  /** Starts an agent as somebody, with the socket of the engine in the group SOCKET_GROUP. */
  async function agentAs(name: string, uid: number, gid: number): Promise<{ agent: Agent; output: string }> {
    const folder = scratch(name);
    const dataDir = path.join(folder, 'data');
    const output = path.join(dataDir, 'out');
    mkdirSync(dataDir);
    chownSync(dataDir, uid, gid);
    chownSync(`${bed().engine.folder}/docker.sock`, 0, SOCKET_GROUP);
    const program: Program = programFor(uid, gid, folder);
    const config = fileSinkConfig(bed().facts, [`${name}-*`], output);
    return { agent: await Agent.start({ folder, dataDir, config, uid, gid, program }), output };
  }

  it('captures as root', async () => {
    const spec = line('root-1', 50);
    const { agent, output } = await agentAs('root', 0, 0);
    await agent.ready();
    const { done } = await startWriters(bed(), [spec]);
    await done;
    await outputsComplete(output, [{ container: spec.name, out: 50, err: 0 }], 30_000);
    expect((await agent.get<{ status: string }>('/health')).status).toBe('healthy');
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, [{ container: spec.name, out: 50, err: 0 }]).lines).toBe(50);
  });

  it("captures through the engine's API as a user of the docker group, and says once what root would change", async () => {
    const specs = [line('group-1', 50), line('group-2', 50)];
    const expected = specs.map(({ name }) => ({ container: name, out: 50, err: 0 }));
    const { done } = await startWriters(bed(), specs);
    const { agent, output } = await agentAs('group', SOME_USER, SOCKET_GROUP);
    await agent.ready();
    await done;
    await outputsComplete(output, expected, 30_000);
    expect((await agent.get<{ status: string }>('/health')).status).toBe('healthy');
    const { containers } = await agent.get<{ containers: { transport: string }[] }>('/api/v1/containers');
    const captured = containers.filter(({ transport }) => transport !== 'none');
    expect(captured).toEqual([
      expect.objectContaining({ transport: 'api', transportWhy: 'its log file may be read by root only' }),
      expect.objectContaining({ transport: 'api', transportWhy: 'its log file may be read by root only' }),
    ]);
    expect(agent.log.match(/their log files? belongs? to root|its log file belongs to root/g)).toHaveLength(
      1,
    );
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expected).lines).toBe(100);
  });

  it('tells nobody how to get at the engine', async () => {
    const { agent } = await agentAs('nobody', NOBODY, NOBODY);
    await agent.ready();
    await agent.said(/may not open unix:/);
    await agent.said(/sudo usermod -aG docker /);
    expect((await agent.get<{ status: string }>('/health')).status).toBe('degraded');
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
  });

  it('says that the engine went away and came back, and captures on', async () => {
    const { agent, output } = await agentAs('away', 0, 0);
    await agent.ready();
    const first = await startWriters(bed(), [line('away-1', 500)]);
    await first.done;
    await outputsComplete(output, [{ container: 'away-1', out: 500, err: 0 }], 30_000);
    await bed().engine.stopDaemon();
    await agent.said(/No Docker engine is there|does not answer/);
    expect((await agent.get<{ status: string }>('/health')).status).toBe('degraded');
    await bed().engine.startDaemon();
    await agent.said(/The Docker engine at .* is back/);
    const second = await startWriters(bed(), [line('away-2', 500)]);
    await second.done;
    const expected = ['away-1', 'away-2'].map((container) => ({ container, out: 500, err: 0 }));
    await outputsComplete(output, expected, 30_000);
    expect(await agent.stop(), agent.log).toMatchObject({ code: 0, signal: null });
    expect(assertExact(output, expected).lines).toBe(1_000);
  });
});
