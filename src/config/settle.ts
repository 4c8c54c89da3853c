/**
 * What stands between the text of a configuration and its meaning: paths become absolute (`~` is the user's home), and
 * the files that hold secrets are read, so that `password_file` becomes `password`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AgentError, systemCode } from '../runtime/errors.js';
import { isTree, type Tree } from './document.js';
import { shapeOf } from './keys.js';
import type { AnySchema } from './leaf.js';
import { type ConfigPath, type Places, type Problem, pathText } from './problems.js';
import { secretFileKey } from './section.js';

const MAX_SECRET_BYTES = 64 * 1024;

export interface Surroundings {
  readonly cwd: string;
  readonly home: string;
}

/** Changes `tree` in place. Throws SECRET_UNREADABLE. */
export function settle(tree: Tree, schema: AnySchema, places: Places, around: Surroundings): Problem[] {
  const problems: Problem[] = [];
  const visit = (value: unknown, at: AnySchema, below: ConfigPath): void => {
    const shape = shapeOf(at, value);
    if (shape.kind === 'list' && Array.isArray(value)) {
      for (const [i, part] of value.entries()) visit(part, shape.value, [...below, i]);
    }
    if (!isTree(value)) return;
    if (shape.kind === 'named') {
      for (const [name, part] of Object.entries(value)) visit(part, shape.value, [...below, name]);
    }
    if (shape.kind !== 'section') return;
    for (const [key, { schema }] of shape.keys) {
      const part = shapeOf(schema, value[key]);
      if (part.kind !== 'leaf') visit(value[key], schema, [...below, key]);
      else if (part.form?.role === 'path') value[key] = absolute(value[key], around);
    }
    for (const [key, { schema }] of shape.keys) {
      const part = shapeOf(schema);
      if (part.kind !== 'leaf' || part.form?.role !== 'secret') continue;
      const fileKey = secretFileKey(key);
      const file = value[fileKey];
      if (typeof file !== 'string' || file === '') continue;
      const where = [...below, fileKey];
      if (value[key] === undefined) value[key] = readSecret(file, pathText(where));
      else {
        const message = `${pathText(where)}: excludes ${key}; keep one of them`;
        problems.push({ place: places.key(where), message });
      }
      delete value[fileKey];
    }
  };
  visit(tree, schema, []);
  return problems;
}

function absolute(value: unknown, { cwd, home }: Surroundings): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const expanded = value === '~' || value.startsWith('~/') ? path.join(home, value.slice(1)) : value;
  return path.resolve(cwd, expanded);
}

/** One newline at the end is the editor's, not the secret's. */
function readSecret(file: string, key: string): string {
  const bytes = readFile(file, key);
  const secret = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (secret === '') throw unreadable(file, key, 'is empty');
  if (bytes.length > MAX_SECRET_BYTES) throw unreadable(file, key, 'is larger than 64 KiB');
  return secret;
}

function readFile(file: string, key: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, key, whyUnreadable(error), error);
  }
}

function unreadable(file: string, key: string, why: string, cause?: unknown): AgentError {
  return new AgentError('SECRET_UNREADABLE', `The file ${file} (${key}) ${why}.`, {
    remedy: 'Put the secret there, readable by the user that runs the agent, or name another file.',
    cause,
  });
}

/** `does not exist` and the like, for a file that people named. */
export function whyUnreadable(error: unknown): string {
  switch (systemCode(error)) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
      return 'may not be read by this user';
    case 'EISDIR':
      return 'is a folder';
    default:
      return `cannot be read (${(error as Error).message})`;
  }
}
