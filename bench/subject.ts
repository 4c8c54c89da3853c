/**
 * What is measured: a built tree, run by a Node binary. Several of them take turns in one run, so that a slow minute of the
 * machine is nobody's alone.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { BuildInfo } from '../src/telemetry/build-info.js';

export interface Subject {
  /** Short, and different from all others of the run. */
  readonly label: string;
  /** The Node binary, and its version. */
  readonly node: string;
  readonly version: string;
  /** The agent's entry. */
  readonly main: string;
  readonly build: BuildInfo;
}

const OWN_TREE = path.resolve(import.meta.dirname, '../..');

/** Each tree with each Node binary; none of them given: the tree of this build, the Node that runs it. */
export function subjects(trees: readonly string[] = [], nodes: readonly string[] = []): Subject[] {
  const wantedTrees = trees.length > 0 ? trees : [OWN_TREE];
  const wantedNodes = nodes.length > 0 ? nodes : [process.execPath];
  return wantedTrees.flatMap((tree, t) =>
    wantedNodes.map((node) => {
      const built = path.resolve(tree, 'dist/src');
      const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
      const build = JSON.parse(readFileSync(path.join(built, 'build-info.json'), 'utf8')) as BuildInfo;
      const label = [
        wantedTrees.length > 1 ? String.fromCharCode(65 + t) : '',
        wantedNodes.length > 1 ? version : '',
      ]
        .filter((part) => part !== '')
        .join(' ');
      return { label: label || build.digest, node, version, main: path.join(built, 'main.js'), build };
    }),
  );
}

export const OWN: Subject = subjects()[0];
