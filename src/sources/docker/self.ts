/** Which container the agent itself runs in, so that it never captures its own output in a loop. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The id, whole or its first 12 digits; undefined outside of a container.
 *
 * Docker and Podman mount files of the container's folder over /etc/hostname, /etc/hosts and /etc/resolv.conf. Other lines
 * of mountinfo prove nothing: a host sees its containers' mounts too.
 */
export function selfContainerId(): string | undefined {
  return (
    idFromMountinfo(readOrEmpty('/proc/self/mountinfo')) ??
    idFromCgroup(readOrEmpty('/proc/self/cgroup')) ??
    (existsSync('/.dockerenv') ? /^[0-9a-f]{12}$/.exec(hostname())?.[0] : undefined)
  );
}

/** Fields of a line: mount id, parent, device, root within the filesystem, mount point, … */
export function idFromMountinfo(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [, , , root = '', mountPoint = ''] = line.split(' ');
    if (!/^\/etc\/(hostname|hosts|resolv\.conf)$/.test(mountPoint)) continue;
    const id = /\/([0-9a-f]{64})\//.exec(root)?.[1];
    if (id) return id;
  }
  return undefined;
}

/** `4:memory:/docker/<id>`, `0::/system.slice/docker-<id>.scope` */
export function idFromCgroup(cgroup: string): string | undefined {
  return /[/-]([0-9a-f]{64})(?:\.scope)?$/m.exec(cgroup)?.[1];
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
