/**
 * What rotation leaves of a log: `app.log.1`, `app.log.2.gz`, `app.log-20261122`, `app-20261122.log`, `app.log.old` beside
 * `app.log`. A compressed copy is not whole while the plain file that it is made of is there.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ifThere } from '../docker/json-file/log-file.js';

/** A rotation takes a moment. */
const ATTEMPTS = 20;
/** What stands behind a log's name, or before its extension; a number alone may as well count logs that live side by side. */
const ROTATED = /^[._-](\d[\dTZ._:+-]*|old|bak|prev)$/;
const SURELY_BEHIND = /^(\.\d{1,4}|[._-]\d{4}-?\d{2}-?\d{2}[\dTZ._:+-]*|[.-]\d{10}|\.old|\.bak)$/;
const SURELY_BEFORE = /^[._-]\d{4}-?\d{2}-?\d{2}[\dTZ._:+-]*$/;
const COMPRESSED = /\.(gz|zst)$/;

/** Whoever compresses a file may give the copy its time in whole seconds. */
const ROUNDING_MS = 1000;

/** A name of an older file of a log. */
export interface Generation {
  readonly path: string;
  readonly inode: number;
  /** As it is stored, compressed or not. */
  readonly bytes: number;
  /** Of a compressed copy: that of its text, or when it was made. */
  readonly modifiedMs: number;
  /** 0 where the filesystem does not tell. */
  readonly createdMs: number;
  /** It is nobody else's by its name; else it is one of the log's only if it holds what was read of it. */
  readonly isSure: boolean;
}

/** Whether `name` may be what rotation makes of the file name `base`. */
export function mayBeRotationOf(name: string, base: string): boolean {
  return isDivided(name, base, ROTATED, ROTATED);
}

/** Whether it is nothing else, where there is a log `base`. */
export function isRotationOf(name: string, base: string): boolean {
  return isDivided(name, base, SURELY_BEHIND, SURELY_BEFORE);
}

function isDivided(name: string, base: string, behind: RegExp, before: RegExp): boolean {
  const plain = name.replace(COMPRESSED, '');
  if (plain.length <= base.length) return false;
  if (plain.startsWith(base) && behind.test(plain.slice(base.length))) return true;
  const extension = extname(base);
  const stem = base.slice(0, base.length - extension.length);
  return (
    extension !== '' &&
    plain.startsWith(stem) &&
    plain.endsWith(extension) &&
    before.test(plain.slice(stem.length, -extension.length))
  );
}

export function isCompressed(name: string): boolean {
  return COMPRESSED.test(name);
}

/** The names that `name` is a rotation of, if they are there; none where it looks like no rotation. */
export function basesOf(name: string): string[] {
  const plain = name.replace(COMPRESSED, '');
  const extension = extname(plain);
  const bases: string[] = [];
  for (let at = plain.length - 1; at > 0; at--) {
    for (const base of new Set([plain.slice(0, at), plain.slice(0, at) + extension]))
      if (isRotationOf(name, base)) bases.push(base);
  }
  return bases;
}

/** What rotations left of the log at `path`, the newest first as far as names and times tell. */
export function generationsOf(path: string): Generation[] {
  for (let attempt = 1; ; attempt++) {
    const names = namesOf(path);
    const { found, isStill } = look(path, names);
    if ((isStill && names.size === new Set([...names, ...namesOf(path)]).size) || attempt === ATTEMPTS)
      return found;
  }
}

function namesOf(path: string): ReadonlySet<string> {
  const base = basename(path);
  const stem = base.slice(0, base.length - extname(base).length);
  return new Set(
    (ifThere(() => readdirSync(dirname(path))) ?? []).filter(
      (name) => name.startsWith(stem) && mayBeRotationOf(name, base),
    ),
  );
}

/** `isStill`: false where a name was gone before it was looked at, or two name the same file because it went on. */
function look(path: string, names: ReadonlySet<string>): { found: Generation[]; isStill: boolean } {
  const found = new Map<number, Generation>();
  let isStill = true;
  for (const name of names) {
    if (COMPRESSED.test(name) && names.has(name.replace(COMPRESSED, ''))) continue;
    const generation = join(dirname(path), name);
    const stat = ifThere(() => statSync(generation));
    if (stat === undefined || (found.has(stat.ino) && stat.nlink === 1)) isStill = false;
    if (stat?.isFile() !== true) continue;
    found.set(stat.ino, {
      path: generation,
      inode: stat.ino,
      bytes: stat.size,
      modifiedMs: stat.mtimeMs,
      createdMs: stat.birthtimeMs,
      isSure: isRotationOf(name, basename(path)),
    });
  }
  return { found: newestFirst([...found.values()]), isStill };
}

/** Whether what is written in it may be as late as that. */
export function isAsLate({ path, modifiedMs }: Generation, ms: number): boolean {
  return modifiedMs >= (isCompressed(path) ? Math.floor(ms / ROUNDING_MS) * ROUNDING_MS : ms);
}

/**
 * By their names, unless times say that the numbers go the other way: a file was changed before one that is older by its name.
 * That one was compressed later says nothing.
 */
export function newestFirst(generations: readonly Generation[]): Generation[] {
  const byName = generations.toSorted((a, b) => ageByName(a) - ageByName(b) || b.modifiedMs - a.modifiedMs);
  let plainMs = 0;
  let anyMs = 0;
  for (const { path, modifiedMs } of byName.toReversed()) {
    if (isCompressed(path) ? modifiedMs + ROUNDING_MS < anyMs : modifiedMs < plainMs)
      return byName.sort((a, b) => b.modifiedMs - a.modifiedMs);
    anyMs = Math.max(anyMs, modifiedMs);
    if (!isCompressed(path)) plainMs = Math.max(plainMs, modifiedMs);
  }
  return byName;
}

/** The greater, the older: numbers count up from the newest, times go on. */
function ageByName({ path }: Generation): number {
  const number = Number((/(\d[\dTZ._:+-]*)\D*$/.exec(path)?.[1] ?? '').replace(/\D/g, ''));
  return number < 10_000 ? number : -number;
}
