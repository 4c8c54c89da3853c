/**
 * What a self-test does to an engine: it pulls an image, and makes, starts, stops, removes and lists containers, its own only.
 * All that it makes carries its label and its owner:
 *
 *   log-capturer.test        the run
 *   log-capturer.test.owner  <host>/<process id>/<when that process started>
 */
import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { AgentError } from '../runtime/errors.js';
import { openRequest } from '../runtime/requests.js';
import type { Scope } from '../runtime/scope.js';
import { type Dial, dial } from '../sources/docker/dial.js';
import type { Endpoint } from '../sources/docker/endpoint.js';
import { engineError, silentError } from '../sources/docker/engine-errors.js';
import { object, parseJson, text } from '../sources/docker/json.js';
import { processStart } from './process-figures.js';

export const RUN_LABEL = 'log-capturer.test';
const OWNER_LABEL = 'log-capturer.test.owner';

const DEADLINE_MS = 60_000;
const PULL_DEADLINE_MS = 600_000;
/** How long a writer has to write its last line before it is killed. */
const STOP_SECONDS = 10;
const MEMORY_BYTES = 32 * 1024 * 1024;
const LOG_OPTIONS = { 'max-size': '2m', 'max-file': '3' };

/** The writer ended by itself when it was asked to; else it was killed. */
export type Ending = 'ended' | 'killed';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What a container is besides; all of it may be left out. */
export interface ContainerOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the json-file driver. */
  readonly logOptions?: Readonly<Record<string, string>>;
  /** It is removed as soon as it has ended. */
  readonly autoRemove?: boolean;
}

/** All methods throw AgentError ENGINE_…; those that say so, SELF_TEST_IMPOSSIBLE. */
export class EngineControl {
  readonly #scope: Scope;
  readonly #endpoint: Endpoint;
  readonly #dial: Dial;
  readonly #run: string;

  /** `run` is the value of the label. */
  constructor(scope: Scope, endpoint: Endpoint, run: string) {
    this.#scope = scope;
    this.#endpoint = endpoint;
    this.#dial = dial(endpoint);
    this.#run = run;
  }

  /** One line on what answers: name, version, operating system. */
  async describe(): Promise<string> {
    const version = object((await this.#call('GET', '/version')).body);
    const info = object((await this.#call('GET', '/info')).body);
    const drivers = `${text(info['Driver'])}, ${text(info['LoggingDriver'])}`;
    return `${text(version['Version'])} (API ${text(version['ApiVersion'])}) on ${text(info['OperatingSystem'])}, ${drivers}`;
  }

  /** Pulls the image where it is missing. Throws SELF_TEST_IMPOSSIBLE where it cannot be had. */
  async ensureImage(image: string, tell: (text: string) => void): Promise<void> {
    if ((await this.#call('GET', `/images/${image}/json`, undefined, [404])).status === 200) return;
    tell(`pulling ${image}`);
    const reference = /:[^/]+$|@/.test(image) ? image : `${image}:latest`;
    const path = `/images/create?fromImage=${encodeURIComponent(reference)}`;
    const failure = await this.#pull(path, tell).catch((error: Error) => error.message);
    if (failure === undefined) return;
    throw new AgentError('SELF_TEST_IMPOSSIBLE', `The image ${image} cannot be had: ${failure}.`, {
      remedy: 'Name one that the engine has, with sh and sleep in it, by --image.',
    });
  }

  /** Removes what processes of this host that have ended left behind; answers how many containers those were. */
  async removeLeftovers(): Promise<number> {
    const left = (await this.#list([OWNER_LABEL])).filter(({ owner }) => isGone(owner));
    for (const { id } of left) await this.remove(id);
    return left.length;
  }

  /** Where the engine keeps its data, on its own machine. */
  async rootDirectory(): Promise<string> {
    return text(object((await this.#call('GET', '/info')).body)['DockerRootDir']);
  }

  /** Makes an image of a tar archive of its root directory, unless the engine has it. Answers its name. */
  async importImage(name: string, archive: () => Buffer): Promise<string> {
    if ((await this.#call('GET', `/images/${name}/json`, undefined, [404])).status === 200) return name;
    const [repository, tag] = name.split(':');
    await this.#call('POST', `/images/create?fromSrc=-&repo=${repository}&tag=${tag}`, archive());
    return name;
  }

  /** Answers the id. */
  async create(
    name: string,
    image: string,
    script: string,
    { labels = {}, logOptions = LOG_OPTIONS, autoRemove = false }: ContainerOptions = {},
  ): Promise<string> {
    const { body } = await this.#call('POST', `/containers/create?name=${name}`, {
      Image: image,
      Entrypoint: ['sh', '-c', script],
      Cmd: [],
      Labels: { ...labels, [RUN_LABEL]: this.#run, [OWNER_LABEL]: owner() },
      StopSignal: 'SIGTERM',
      HostConfig: {
        NetworkMode: 'none',
        Memory: MEMORY_BYTES,
        AutoRemove: autoRemove,
        LogConfig: { Type: 'json-file', Config: logOptions },
      },
    });
    return text(object(body)['Id']);
  }

  /** Throws SELF_TEST_IMPOSSIBLE where the image has no shell. */
  async start(id: string): Promise<void> {
    const { status, body } = await this.#call('POST', `/containers/${id}/start`, undefined, [400, 404, 500]);
    if (status < 400) return;
    throw new AgentError(
      'SELF_TEST_IMPOSSIBLE',
      `The engine does not start a container of the self-test: ${text(object(body)['message'])}.`,
      { remedy: 'Where its image has no sh or no sleep, name another one by --image.' },
    );
  }

  async stop(id: string): Promise<Ending> {
    await this.#call('POST', `/containers/${id}/stop?t=${STOP_SECONDS}`, undefined, [304]);
    return this.ending(id);
  }

  /** Of one that does not run. */
  async ending(id: string): Promise<Ending> {
    const { body } = await this.#call('GET', `/containers/${id}/json`);
    return object(object(body)['State'])['ExitCode'] === 0 ? 'ended' : 'killed';
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/rename?name=${name}`);
  }

  /** Resolves when it has ended; of one that is removed by then, too. */
  async ended(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/wait`, undefined, [404]);
  }

  async remove(id: string): Promise<void> {
    await this.#call('DELETE', `/containers/${id}?force=1&v=1`, undefined, [404, 409]);
  }

  /** Ids of this run's containers that run now. */
  async running(): Promise<Set<string>> {
    const mine = await this.#list([`${RUN_LABEL}=${this.#run}`]);
    return new Set(mine.filter(({ state }) => state === 'running').map(({ id }) => id));
  }

  /** All of this run that are still there. */
  async removeAll(): Promise<void> {
    for (const { id } of await this.#list([`${RUN_LABEL}=${this.#run}`])) await this.remove(id);
  }

  async #list(labels: readonly string[]): Promise<{ id: string; state: string; owner: string }[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: labels }));
    const { body } = await this.#call('GET', `/containers/json?all=1&filters=${filters}`);
    return (Array.isArray(body) ? body : []).map(object).map((entry) => ({
      id: text(entry['Id']),
      state: text(entry['State']),
      owner: text(object(entry['Labels'])[OWNER_LABEL]),
    }));
  }

  /** Answers why it failed, which the engine says within an answer that began well. */
  async #pull(path: string, tell: (text: string) => void): Promise<string | undefined> {
    let failure: string | undefined;
    await this.#exchange('POST', path, undefined, PULL_DEADLINE_MS, async (response) => {
      for await (const line of linesOf(response)) {
        const said = object(parseJson(line));
        failure ??= text(said['error']) || text(said['message']) || undefined;
        if (said['status']) tell(`pulling: ${text(said['id'])} ${text(said['status'])}`);
      }
    });
    return failure;
  }

  /** A status of 400 and more that is not `understood` is an error. */
  async #call(
    method: string,
    path: string,
    body?: unknown,
    understood: readonly number[] = [],
  ): Promise<Answer> {
    return this.#exchange(method, path, body, DEADLINE_MS, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      const source = Buffer.concat(chunks).toString('utf8');
      const { statusCode: status = 0 } = response;
      if (status >= 400 && !understood.includes(status))
        throw new AgentError(
          'ENGINE_ANSWER',
          `The engine answered ${method} ${path} with ${status} ${source.trim()}.`,
        );
      return { status, body: source === '' ? undefined : parseJson(source) };
    });
  }

  async #exchange<T>(
    method: string,
    path: string,
    body: unknown,
    deadlineMs: number,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const source = body === undefined ? '' : Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const name = `${method} ${path}`;
    const request = openRequest(this.#scope, name, this.#dial.isTls, {
      ...this.#dial.options,
      agent: false,
      method,
      path,
      headers: {
        Host: 'docker',
        'Content-Type': Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json',
        'Content-Length': Buffer.byteLength(source),
      },
    });
    const deadline = this.#scope.timeout(`deadline of ${name}`, deadlineMs, () =>
      request.end(silentError(this.#endpoint, `${name} took longer than ${deadlineMs / 1000} s`)),
    );
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.outgoing.once('response', resolve);
        request.outgoing.on('error', reject);
        request.outgoing.end(source);
      });
      return await read(response);
    } catch (error) {
      throw engineError(this.#endpoint, error);
    } finally {
      await deadline.release();
      await request.owned.release();
    }
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') yield rest;
}

function owner(): string {
  return `${hostname()}/${process.pid}/${processStart(process.pid) ?? ''}`;
}

/** Of another host nobody here can tell. */
function isGone(label: string): boolean {
  const [host, pid, start] = label.split('/');
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return (processStart(Number(pid)) ?? '') !== start;
}
