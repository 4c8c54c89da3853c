/**
 * The engine of a torture: one of its own, where Linux, root and dockerd are there and no other one is asked for, else the
 * one of the user, which is not restarted.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { AgentError, describeError } from '../runtime/errors.js';
import type { Scope } from '../runtime/scope.js';
import { EngineControl } from '../selftest/engine-control.js';
import { type Endpoint, findEndpoint } from '../sources/docker/endpoint.js';
import { hasDockerd, type Keeper } from './keeper.js';

const START_DEADLINE_MS = 60_000;
/** One that has not written its number by then has ended. */
const GONE_AFTER_MS = 5_000;
const ASK_EVERY_MS = 100;
const USUAL_IMAGE = 'busybox:stable';
const HOST_BUSYBOX = '/bin/busybox';
const APPLETS = ['sh', 'sleep'];
/** Where the loader is named, in a program that needs one. */
const ELF_HEAD_BYTES = 4096;

export interface EngineOptions {
  readonly run: string;
  readonly endpoint: string | undefined;
  readonly image: string | undefined;
  readonly tell: (text: string) => void;
}

export class TortureEngine {
  readonly control: EngineControl;
  readonly endpoint: Endpoint;
  readonly #keeper: Keeper | undefined;
  #image = '';
  #readsFiles = false;

  private constructor(control: EngineControl, endpoint: Endpoint, keeper: Keeper | undefined) {
    this.control = control;
    this.endpoint = endpoint;
    this.#keeper = keeper;
  }

  /** Throws AgentError: ENGINE_…, SELF_TEST_IMPOSSIBLE, SELF_TEST_IMPOSSIBLE. */
  static async open(
    scope: Scope,
    keeper: Keeper | undefined,
    options: EngineOptions,
  ): Promise<TortureEngine> {
    const own = options.endpoint === undefined && hasDockerd() ? keeper : undefined;
    const endpoint = findEndpoint({
      endpoint: own?.endpoint ?? options.endpoint,
      env: process.env,
      home: homedir(),
      uid: process.getuid?.(),
    });
    const engine = new TortureEngine(
      new EngineControl(scope.child('engine'), endpoint, options.run),
      endpoint,
      own,
    );
    if (own) {
      options.tell('starting an engine');
      await own.startEngine();
      await engine.#untilItAnswers(scope);
    }
    const left = await engine.control.removeLeftovers();
    if (left > 0) options.tell(`removed what an earlier run left behind: ${left} containers`);
    engine.#image = await engine.#ensureImage(options);
    engine.#readsFiles = canRead(path.join(await engine.control.rootDirectory(), 'containers'));
    return engine;
  }

  get isOwn(): boolean {
    return this.#keeper !== undefined;
  }

  get image(): string {
    return this.#image;
  }

  /** Its log files can be read from here. */
  get readsFiles(): boolean {
    return this.#readsFiles;
  }

  /** Ends it with its containers, and starts it again; true where it is another process then. */
  async restart(scope: Scope): Promise<boolean> {
    if (!this.#keeper) throw new Error('Only an engine of our own is restarted.');
    const before = this.#keeper.enginePid;
    await this.#keeper.stopEngine();
    await this.#keeper.startEngine();
    await this.#untilItAnswers(scope);
    return this.#keeper.enginePid !== before;
  }

  async #untilItAnswers(scope: Scope): Promise<void> {
    const began = performance.now();
    for (;;) {
      try {
        await this.control.describe();
        return;
      } catch (cause) {
        const waitedMs = performance.now() - began;
        const isGone = waitedMs > GONE_AFTER_MS && !this.#keeper?.hasEngine;
        if (scope.isClosing || isGone || waitedMs > START_DEADLINE_MS)
          throw new AgentError(
            'SELF_TEST_IMPOSSIBLE',
            `The engine did not start: ${this.#keeper?.engineSaid ?? describeError(cause)}.`,
            { remedy: 'Name a running one by --endpoint.', cause },
          );
        await scope.sleep(ASK_EVERY_MS);
      }
    }
  }

  /** An engine of our own has no images: where the host has a busybox that needs no libraries, that is one. */
  async #ensureImage({ image, tell }: EngineOptions): Promise<string> {
    if (image === undefined && this.#keeper && isStatic(HOST_BUSYBOX))
      return this.control.importImage('log-capturer-torture:busybox', busyboxArchive);
    await this.control.ensureImage(image ?? USUAL_IMAGE, tell);
    return image ?? USUAL_IMAGE;
  }
}

function canRead(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isStatic(program: string): boolean {
  return existsSync(program) && !readFileSync(program).subarray(0, ELF_HEAD_BYTES).includes('/ld-');
}

function busyboxArchive(): Buffer {
  const root = mkdtempSync(path.join(tmpdir(), 'log-capturer-image-'));
  try {
    chmodSync(root, 0o755);
    mkdirSync(path.join(root, 'bin'));
    mkdirSync(path.join(root, 'tmp'));
    cpSync(HOST_BUSYBOX, path.join(root, 'bin/busybox'));
    for (const applet of APPLETS) symlinkSync('busybox', path.join(root, 'bin', applet));
    const { stdout, status } = spawnSync('tar', ['-c', '--owner=0', '--group=0', '-C', root, '.'], {
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status === 0) return stdout;
    throw new AgentError('SELF_TEST_IMPOSSIBLE', 'No image could be made: tar failed.', {
      remedy: 'Name an image by --image.',
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
