/** The built program at a place that another user can read: agents are also run as users who may not enter this checkout. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './project.js';

export interface Program {
  readonly node: string;
  readonly root: string;
}

/** The project itself where `uid` can run it from there, else a copy in `folder`. */
export function programFor(uid: number, gid: number, folder: string): Program {
  const here = { node: process.execPath, root: projectRoot() };
  const main = path.join(here.root, 'dist/src/main.js');
  if (spawnSync(here.node, [main, 'version'], { uid, gid, cwd: '/' }).status === 0) return here;
  const copy = { node: path.join(folder, 'node'), root: path.join(folder, 'program') };
  mkdirSync(path.join(copy.root, 'test'), { recursive: true });
  copyFileSync(here.node, copy.node);
  chmodSync(copy.node, 0o755);
  for (const part of ['package.json', 'dist', 'node_modules', 'test/support']) {
    execFileSync('cp', ['-a', path.join(here.root, part), path.join(copy.root, part)]);
  }
  execFileSync('chmod', ['-R', 'a+rX', copy.root]);
  return copy;
}
