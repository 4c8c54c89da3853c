/** The little of the Docker Engine API that the tests need, over a unix socket or TCP. Independent of the agent's own client. */
import http from 'node:http';
import type { Readable } from 'node:stream';

/** What every container that a test starts carries, with the name of its run. */
export const TEST_LABEL = 'log-capturer.test';

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  /** json-file's options, such as max-size. */
  readonly logOptions?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Removed by the engine as soon as it ends, as by --rm. */
  readonly autoRemove?: boolean;
  readonly tty?: boolean;
  /** Started again by the engine whenever it fails. */
  readonly restarts?: boolean;
}

/** `unix:///path` or `tcp://host:port` as http.request wants it. */
export function requestTarget(endpoint: string): http.RequestOptions {
  const url = new URL(endpoint);
  if (url.protocol === 'unix:') return { socketPath: url.pathname };
  if (url.protocol === 'tcp:' || url.protocol === 'http:') return { host: url.hostname, port: url.port };
  throw new Error(`The tests speak to unix:// and tcp:// engines, not to ${endpoint}.`);
}

export class EngineApi {
  readonly endpoint: string;
  readonly #run: string;
  readonly #http = new http.Agent({ keepAlive: false });

  constructor(endpoint: string, run: string) {
    this.endpoint = endpoint;
    this.#run = run;
  }

  /** Status and body; the body may be streamed in. */
  async request(method: string, target: string, body?: unknown): Promise<{ status: number; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const isStream = typeof (body as Readable | undefined)?.pipe === 'function';
      const text = body === undefined || isStream ? undefined : JSON.stringify(body);
      const request = http.request({
        ...requestTarget(this.endpoint),
        agent: this.#http,
        method,
        path: target,
        headers: {
          host: 'docker',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...(isStream ? { 'content-type': 'application/x-tar' } : {}),
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      });
      if (isStream) (body as Readable).on('error', reject).pipe(request);
      else request.end(text);
    });
  }

  /** As `request`, with JSON out; throws what the engine said for any status of 400 and more. */
  async call<T = unknown>(method: string, target: string, body?: unknown): Promise<T> {
    const answer = await this.request(method, target, body);
    const text = answer.body.toString();
    if (answer.status >= 400) throw new Error(`${method} ${target}: ${answer.status} ${text.trim()}`);
    // Imports and pulls answer a stream of JSON documents, which nobody here reads.
    return (/^\s*[[{]/.test(text) && !/\}\s*\{/.test(text) ? JSON.parse(text) : undefined) as T;
  }

  async answers(): Promise<boolean> {
    try {
      return (await this.request('GET', '/_ping')).status === 200;
    } catch {
      return false;
    }
  }

  /** Where the engine keeps its data, on its own machine. */
  async rootDir(): Promise<string> {
    return (await this.call<{ DockerRootDir: string }>('GET', '/info')).DockerRootDir;
  }

  async create(spec: ContainerSpec): Promise<string> {
    const { Id } = await this.call<{ Id: string }>('POST', `/containers/create?name=${spec.name}`, {
      Image: spec.image,
      Cmd: spec.command,
      Tty: spec.tty ?? false,
      Labels: { ...spec.labels, [TEST_LABEL]: this.#run },
      // The writers run as process 1 and would not hear a SIGTERM.
      StopSignal: 'SIGKILL',
      HostConfig: {
        NetworkMode: 'none',
        AutoRemove: spec.autoRemove ?? false,
        RestartPolicy: { Name: spec.restarts ? 'on-failure' : '' },
        LogConfig: { Type: 'json-file', Config: spec.logOptions ?? {} },
      },
    });
    return Id;
  }

  async start(id: string): Promise<void> {
    await this.call('POST', `/containers/${id}/start`);
  }

  async stop(id: string): Promise<void> {
    await this.call('POST', `/containers/${id}/stop?t=1`);
  }

  /** Resolves when the container has ended, with its exit code. */
  async wait(id: string, until: 'not-running' | 'next-exit' | 'removed' = 'not-running'): Promise<number> {
    const target = `/containers/${id}/wait?condition=${until}`;
    return (await this.call<{ StatusCode: number }>('POST', target)).StatusCode;
  }

  async inspect(
    id: string,
  ): Promise<{ LogPath: string; State: { Status: string; Running: boolean; Pid: number } }> {
    return this.call('GET', `/containers/${id}/json`);
  }

  async remove(id: string): Promise<void> {
    await this.request('DELETE', `/containers/${id}?force=1&v=1`);
  }

  /** Containers started by this run's tests and by its parts (`<run>/…`), or by any run's. */
  async testContainers(whose: 'mine' | 'all'): Promise<string[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [TEST_LABEL] }));
    const list = await this.call<{ Id: string; Labels: Record<string, string> }[]>(
      'GET',
      `/containers/json?all=1&filters=${filters}`,
    );
    const isMine = (run: string): boolean => run === this.#run || run.startsWith(`${this.#run}/`);
    return list.filter(({ Labels }) => whose === 'all' || isMine(Labels[TEST_LABEL])).map(({ Id }) => Id);
  }

  /** What `docker logs` shows: the bytes of stdout and stderr. */
  async logs(id: string): Promise<{ stdout: Buffer; stderr: Buffer }> {
    const { body } = await this.request('GET', `/containers/${id}/logs?stdout=1&stderr=1`);
    const parts: Record<number, Buffer[]> = { 1: [], 2: [] };
    for (let at = 0; at < body.length; ) {
      const size = body.readUInt32BE(at + 4);
      parts[body[at]].push(body.subarray(at + 8, at + 8 + size));
      at += 8 + size;
    }
    return { stdout: Buffer.concat(parts[1]), stderr: Buffer.concat(parts[2]) };
  }

  close(): void {
    this.#http.destroy();
  }
}

/** Runs `work` over all items, `limit` at a time. */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
