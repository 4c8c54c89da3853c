/** deploy/socket-proxy in front of an engine's socket: HAProxy of Debian with the very rules that are deployed. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { unpackPackages } from './debian-packages.js';
import { freePort } from './ports.js';
import { projectRoot } from './project.js';

const CONFIG = 'deploy/socket-proxy/haproxy.cfg';
const START_DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Answers the proxy's URL; it ends with the test. */
export async function startSocketProxy(socket: string, folder: string): Promise<string> {
  const { root, env } = unpackPackages(['haproxy'], folder);
  const port = await freePort();
  const rules = readFileSync(path.join(projectRoot(), CONFIG), 'utf8');
  const local = rules
    .replace('bind :2375', `bind 127.0.0.1:${port}`)
    .replace('unix@/var/run/docker.sock', `unix@${socket}`);
  if (!local.includes(`127.0.0.1:${port}`) || !local.includes(socket))
    throw new Error(`${CONFIG} listens or connects elsewhere than this helper expects.`);
  const file = path.join(folder, 'haproxy.cfg');
  writeFileSync(file, local);
  const child = spawn(path.join(root, 'usr/sbin/haproxy'), ['-db', '-f', file], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error('HAProxy did not start with the rules of deploy/socket-proxy.');
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return url;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_ping`)).ok;
  } catch {
    return false;
  }
}
