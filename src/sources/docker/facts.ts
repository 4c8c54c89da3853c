/**
 * What the source must know of a container before it can capture it, from whichever tells first: the engine's inspect
 * answer, the engine's own files in the container's folder, an event, or the list (which knows no logging driver).
 *
 *   <root>/containers/<64 hex>/config.v2.json   {"Created","Name":"/web","Config":{"Image","Labels","Tty"}}
 *   <root>/containers/<64 hex>/hostconfig.json  {"LogConfig":{"Type":"json-file","Config":{"max-size":"50k"}}}
 *
 * Both files are replaced atomically by the engine. The log of the json-file driver is `<64 hex>-json.log` beside them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { object, parseJson, text, textRecord } from './json.js';

export interface ContainerFacts {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly createdMs: number | undefined;
  /** Logging driver; undefined where nobody told. */
  readonly driver: string | undefined;
  /** Whether it has a terminal; undefined where nobody told. */
  readonly tty: boolean | undefined;
  readonly logOptions: Readonly<Record<string, string>>;
  /** As of when the facts were told; not there where nobody told, or where it never ran. */
  readonly run?: ContainerRun;
}

export interface ContainerRun {
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** How often its restart policy started it anew. */
  readonly restarts: number;
}

/** True for what names a container's folder. */
export function isContainerId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

export function predictedLogPath(containersDir: string, id: string): string {
  return join(containersDir, id, `${id}-json.log`);
}

/** Facts from the container's folder; undefined where its files are not there (yet), not readable or not whole. */
export function readFactsFromFolder(containersDir: string, id: string): ContainerFacts | undefined {
  try {
    const config = object(parseJson(readFileSync(join(containersDir, id, 'config.v2.json'), 'utf8')));
    const host = object(parseJson(readFileSync(join(containersDir, id, 'hostconfig.json'), 'utf8')));
    return text(config['ID']) === id ? factsOf(id, config, host) : undefined;
  } catch {
    return undefined;
  }
}

/** Facts from the answer of `GET /containers/{id}/json`. */
export function factsFromInspect(id: string, answer: unknown): ContainerFacts {
  const inspected = object(answer);
  return factsOf(id, inspected, object(inspected['HostConfig']));
}

/** The file and the API answer share these fields. */
function factsOf(
  id: string,
  container: Record<string, unknown>,
  host: Record<string, unknown>,
): ContainerFacts {
  const config = object(container['Config']);
  const logConfig = object(host['LogConfig']);
  const createdMs = Date.parse(text(container['Created']));
  const startedMs = Date.parse(text(object(container['State'])['StartedAt']));
  const restarts = Number(container['RestartCount']) || 0;
  return {
    id,
    name: withoutSlash(text(container['Name'])) || id.slice(0, 12),
    image: text(config['Image']),
    labels: textRecord(config['Labels']),
    createdMs: Number.isNaN(createdMs) ? undefined : createdMs,
    driver: text(logConfig['Type']) || undefined,
    tty: typeof config['Tty'] === 'boolean' ? config['Tty'] : undefined,
    logOptions: textRecord(logConfig['Config']),
    // The engine's zero is in the year 1.
    ...(startedMs > 0 && { run: { startedMs, restarts } }),
  };
}

/** Facts where only names are known: from an event or a list entry, or from nothing but the id. */
export function factsFromNames(
  id: string,
  known: {
    name?: string;
    image?: string;
    labels?: Readonly<Record<string, string>>;
    createdMs?: number;
  } = {},
): ContainerFacts {
  return {
    id,
    name: known.name || id.slice(0, 12),
    image: known.image ?? '',
    labels: known.labels ?? {},
    createdMs: known.createdMs,
    driver: undefined,
    tty: undefined,
    logOptions: {},
  };
}

export function withoutSlash(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

/** The log options `max-size` ("50k", "10m", "1g", binary units) and `max-file`; left out where none or nonsense. */
export function rotationLimits(options: Readonly<Record<string, string>>): {
  maxSizeBytes?: number;
  maxFiles?: number;
} {
  const size = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(options['max-size']?.trim() ?? '');
  const bytes = size
    ? Math.floor(Number(size[1]) * 1024 ** ' kmgt'.indexOf(size[2].toLowerCase() || ' '))
    : 0;
  const files = Number(options['max-file']);
  return {
    ...(bytes > 0 ? { maxSizeBytes: bytes } : {}),
    ...(Number.isInteger(files) && files > 0 ? { maxFiles: files } : {}),
  };
}
