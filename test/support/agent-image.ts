/** The agent's own image, built from the Dockerfile by an engine, and containers of it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type EngineApi, TEST_LABEL } from './engine-api.js';
import { ensureNodeImage } from './image.js';
import { projectRoot } from './project.js';

const IMAGE = 'log-capturer';
const STOP_SECONDS = 10;
const HEALTH_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 100;
const DEADLINE_MS = 60_000;
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/** Builds the Dockerfile as `docker build` does and answers the image's name. The engine needs no network of its own. */
export async function buildAgentImage(api: EngineApi, revision: string): Promise<string> {
  const base = await ensureNodeImage(api);
  const proxies = PROXY_VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value ? [[name, value]] : [];
  });
  const query = new URLSearchParams({
    t: IMAGE,
    networkmode: 'host',
    forcerm: '1',
    buildargs: JSON.stringify({ BASE: base, REVISION: revision, ...Object.fromEntries(proxies) }),
  });
  const context = spawn('tar', ['-c', '-C', projectRoot(), 'Dockerfile', ...contextFiles()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { body } = await api.request('POST', `/build?${query.toString()}`, context.stdout);
  // A stream of JSON documents; the status is 200 whatever becomes of the build.
  const said = body
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as { stream?: string; error?: string; message?: string });
  const failure = said.find(({ error, message }) => error ?? message);
  if (failure) {
    const output = said.map(({ stream }) => stream ?? '').join('');
    throw new Error(`The image was not built: ${failure.error ?? failure.message}\n${output.slice(-4_000)}`);
  }
  return IMAGE;
}

/** What .dockerignore lets through: here it names the files that are wanted. */
function contextFiles(): string[] {
  const lines = readFileSync(path.join(projectRoot(), '.dockerignore'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1).replace('/*.mjs', ''));
}

export interface AgentContainerOptions {
  readonly image: string;
  readonly name: string;
  readonly binds: readonly string[];
  /** The page's port, on the host's network: the tests' engines have no other. */
  readonly port: number;
  readonly user?: string;
  readonly env?: readonly string[];
}

/** An agent in a container as tightly closed as it can be: nothing to write to but its mounts, no capability. */
export class AgentContainer {
  readonly id: string;
  readonly url: string;
  readonly #api: EngineApi;

  private constructor(api: EngineApi, id: string, port: number) {
    this.#api = api;
    this.id = id;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(api: EngineApi, options: AgentContainerOptions): Promise<AgentContainer> {
    const { Id } = await api.call<{ Id: string }>('POST', `/containers/create?name=${options.name}`, {
      Image: options.image,
      ...(options.user ? { User: options.user } : {}),
      Env: options.env ?? [],
      Labels: { [TEST_LABEL]: 'own' },
      // The image's own check, more often.
      Healthcheck: { Interval: HEALTH_EVERY_MS * 1e6 },
      HostConfig: {
        NetworkMode: 'host',
        Binds: options.binds,
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        RestartPolicy: { Name: 'no' },
      },
    });
    await api.start(Id);
    return new AgentContainer(api, Id, options.port);
  }

  /** Everything it has said, as `docker logs` shows it. */
  async log(): Promise<string> {
    const { stdout, stderr } = await this.#api.logs(this.id);
    return stdout.toString() + stderr.toString();
  }

  /** Resolves with the match in its log. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(`said ${pattern}`, async () => pattern.exec(await this.log()) ?? undefined);
  }

  /** Resolves when the engine's health check says so. */
  async becomes(health: 'healthy' | 'unhealthy'): Promise<void> {
    await this.until(`became ${health}`, async () => {
      const state = await this.state();
      return state.Health?.Status === health ? true : undefined;
    });
  }

  async get(target: string, token?: string): Promise<Response> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetch(`${this.url}${target}`, { headers, redirect: 'manual' });
  }

  async state(): Promise<{ Running: boolean; ExitCode: number; Health?: { Status: string } }> {
    const { State } = await this.#api.call<{ State: Awaited<ReturnType<AgentContainer['state']>> }>(
      'GET',
      `/containers/${this.id}/json`,
    );
    return State;
  }

  /** As `docker restart`; answers the exit code of the one that ended. */
  async restart(): Promise<number> {
    const since = Date.now() / 1000;
    await this.#api.call('POST', `/containers/${this.id}/restart?t=${STOP_SECONDS}`);
    const filters = encodeURIComponent(JSON.stringify({ container: [this.id], event: ['die'] }));
    const until = Date.now() / 1000;
    const { body } = await this.#api.request(
      'GET',
      `/events?since=${since}&until=${until}&filters=${filters}`,
    );
    const [event] = body.toString().split('\n');
    if (!event) throw new Error(`The agent's container was not running:\n${await this.log()}`);
    const { Actor } = JSON.parse(event) as { Actor: { Attributes: { exitCode: string } } };
    return Number(Actor.Attributes.exitCode);
  }

  /** As `docker stop`; 137 means that it had to be killed. */
  async stop(): Promise<number> {
    await this.#api.call('POST', `/containers/${this.id}/stop?t=${STOP_SECONDS}`);
    return (await this.state()).ExitCode;
  }

  async remove(): Promise<void> {
    await this.#api.remove(this.id);
  }

  async until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const found = await find();
      if (found !== undefined) return found;
      if (performance.now() > deadline || !(await this.state()).Running) {
        throw new Error(`The agent's container never ${what}. It said:\n${await this.log()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
