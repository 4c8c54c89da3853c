/** For tests of the captures: a containers folder as the engine writes it, and captures that tell fake readers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { DockerSourceConfig } from '../../../config/types.js';
import type { Position } from '../../../pipeline/contract.js';
import { type Logger, silentLogger } from '../../../runtime/log.js';
import { Scope } from '../../../runtime/scope.js';
import { Announcer } from '../announcer.js';
import { Captures } from '../captures.js';
import type { ListedContainer } from '../engine.js';
import type { ContainerEvent } from '../events.js';
import { FolderWatch } from '../folder-watch.js';
import { KnownContainers } from '../known-containers.js';
import { Labeler } from '../labels.js';
import { Readings } from '../readings.js';
import { Tuner } from '../tuning.js';
import { FakeReaders } from './fake-readers.js';
import { RememberingPipeline } from './remembering-pipeline.js';

export const FIRST_SEEN = Date.parse('2026-01-01T00:00:00Z');
export const id = (n: number): string => n.toString(16).padStart(64, '0');

/** Of the test at hand: the containers folder, the scope, and what was said to people. */
export let dir: string;
export let scope: Scope;
export let said: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'captures-'));
  scope = Scope.root('test', () => {});
  said = [];
});
afterEach(async () => {
  await scope.close();
  rmSync(dir, { recursive: true });
});

export interface Setup {
  config?: Partial<DockerSourceConfig>;
  selfId?: string;
  inspect?: (id: string) => Promise<unknown>;
  root?: string;
  /** By container id. */
  positions?: Record<string, Position>;
}

export function setUp({
  config = {},
  selfId,
  inspect = () => Promise.resolve(undefined),
  root = dir,
  positions = {},
}: Setup = {}) {
  const lossy: (string | undefined)[] = [];
  const pipeline = new RememberingPipeline();
  const readers = new FakeReaders();
  const api = new FakeReaders();
  const say = (_fields: object, message: string): void => void said.push(message);
  const log: Logger = { ...silentLogger, info: say, warn: say };
  const announcer = new Announcer(log);
  const labeler = new Labeler({ preset: 'default', extra: {}, containerLabels: {}, log });
  const tuner = new Tuner({ problem: () => undefined, sinkNames: () => ['loki'] }, log);
  const captures = new Captures({
    rules: { transport: 'auto', ...config },
    labelsOf: (facts, host) => labeler.labelsOf(facts, host, tuner.of(facts).labels),
    tuningOf: (facts) => tuner.of(facts).tuning,
    selfId,
    readings: new Readings(readers, api, new KnownContainers(pipeline)),
    positionOf: (id) => positions[id],
    announcer,
    onLossy: (labels) => void lossy.push(labels['container']),
  });
  const folder = new FolderWatch({ dir: root, log, onNewFolder: () => {} });
  captures.connected({ host: 'box', folder, firstSeenMs: FIRST_SEEN, inspect });
  const list = async (...containers: ListedContainer[]): Promise<void> => {
    captures.listing();
    await captures.listed(containers, scope);
    announcer.flush();
  };
  return { readers, api, captures, announcer, list, lossy, pipeline };
}

export interface Made {
  name?: string;
  driver?: string;
  labels?: Record<string, string>;
  options?: Record<string, string>;
  created?: string;
}

/** What the engine writes for a container, first the folder and then the facts. */
export function makeFolder(n: number): void {
  mkdirSync(join(dir, id(n)));
}

export function writeFacts(
  n: number,
  {
    name = `c${n}`,
    driver = 'json-file',
    labels = {},
    options = {},
    created = '2026-06-01T00:00:00Z',
  }: Made = {},
): void {
  const config = {
    ID: id(n),
    Name: `/${name}`,
    Created: created,
    Config: { Image: 'nginx', Labels: labels },
  };
  const host = { LogConfig: { Type: driver, Config: options } };
  writeFileSync(join(dir, id(n), 'config.v2.json'), JSON.stringify(config));
  writeFileSync(join(dir, id(n), 'hostconfig.json'), JSON.stringify(host));
}

export function make(n: number, made: Made = {}): void {
  makeFolder(n);
  writeFacts(n, made);
}

export const removeFolder = (n: number): void => rmSync(join(dir, id(n)), { recursive: true });

export function listed(n: number, over: Partial<ListedContainer> = {}): ListedContainer {
  return {
    id: id(n),
    name: `/c${n}`,
    image: 'nginx',
    labels: {},
    state: 'running',
    createdMs: FIRST_SEEN,
    ...over,
  };
}

export function event(action: ContainerEvent['action'], n: number, name = `c${n}`): ContainerEvent {
  return { action, id: id(n), name, image: 'nginx', labels: {}, seconds: 0 };
}

export const namesOf = (readers: FakeReaders): (string | undefined)[] =>
  [...readers.open.values()].map(({ labels }) => labels?.['container']);

/** The log is there, and this user may not read it. */
export function deny({ readers, captures }: ReturnType<typeof setUp>): void {
  readers.onAdd = (log) => captures.unreadable(log.id);
}

/** By container name: how it is read, and why so. */
export const waysOf = (captures: Captures): Record<string, string> =>
  Object.fromEntries(
    captures.statuses().map(({ name, transport, transportWhy }) => [name, `${transport}: ${transportWhy}`]),
  );
