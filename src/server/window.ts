/**
 * The window's files, as the build left them (scripts/build.mjs): read once, sent compressed to whoever takes that. Names
 * under assets/ carry a hash of their content, so a browser may keep them for good; it asks for all others again each time.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export interface WindowFile {
  /** Relative to the window's folder: `assets/index-4711.js`. */
  readonly name: string;
  readonly type: string;
  readonly etag: string;
  readonly content: Buffer;
  /** By the name of the coding, the smallest first. */
  readonly encoded: ReadonlyMap<string, Buffer>;
}

const BUILT = fileURLToPath(new URL('../ui/', import.meta.url));
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const FOR_GOOD = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

/** Empty where nothing was built, as when the sources are run. */
export function readWindow(folder = BUILT): ReadonlyMap<string, WindowFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && path.extname(entry.name) in TYPES)
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return new Map(names.map((name) => [name, readFile(folder, name)]));
}

function readFile(folder: string, name: string): WindowFile {
  const file = path.join(folder, name);
  const content = readFileSync(file);
  const encoded = CODINGS.flatMap(([coding, ending]): [string, Buffer][] =>
    existsSync(file + ending) ? [[coding, readFileSync(file + ending)]] : [],
  );
  return {
    name,
    type: TYPES[path.extname(name)],
    etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    content,
    encoded: new Map(encoded),
  };
}

/** `/` is index.html; it alone is behind the login. login.html is for the login to show. */
export function addWindow(app: FastifyInstance, files: ReadonlyMap<string, WindowFile>): void {
  for (const [name, file] of files) {
    if (name === 'login.html') continue;
    const isStart = name === 'index.html';
    app.get(isStart ? '/' : `/${name}`, { config: { isOpen: !isStart } }, (request, reply) =>
      sendFile(file, request, reply),
    );
  }
  if (files.has('index.html')) return;
  app.get('/', (_request, reply) =>
    reply
      .code(503)
      .type('text/plain; charset=utf-8')
      .send('The page was not built: run "npm run build" and start again. The API is under api/v1/.\n'),
  );
}

function sendFile(file: WindowFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({
    'cache-control': file.name.startsWith('assets/') ? FOR_GOOD : ASK_AGAIN,
    etag: file.etag,
    vary: 'accept-encoding',
  });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  reply.type(file.type);
  const accepted = request.headers['accept-encoding'] ?? '';
  for (const [coding, content] of file.encoded) {
    if (takes(accepted, coding)) return reply.header('content-encoding', coding).send(content);
  }
  return reply.send(file.content);
}

/** `gzip;q=0` says no. */
function takes(accepted: string, coding: string): boolean {
  return accepted.split(',').some((part) => {
    const [name, weight = ''] = part.split(';');
    return name.trim().toLowerCase() === coding && !/^\s*q=0(?:\.0*)?\s*$/.test(weight);
  });
}
