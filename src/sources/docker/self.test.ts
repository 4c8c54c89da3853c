import { expect, test } from 'vitest';
import { idFromCgroup, idFromMountinfo } from './self.js';

const ID = '8ed8ef8aaace4ac91c0c815304e1422cee419f9a66cdd1b52b722aa918152e47';

test('inside of a container, its own files are mounted over /etc', () => {
  const mountinfo = [
    '612 480 0:57 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/ABC',
    `640 612 8:1 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw`,
    `641 612 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw`,
  ].join('\n');
  expect(idFromMountinfo(mountinfo)).toBe(ID);
});

test('a host sees the mounts of its containers, which are not itself', () => {
  const mountinfo = `900 30 0:60 / /var/lib/docker/containers/${ID}/mounts/shm rw - tmpfs shm rw,size=65536k`;
  expect(idFromMountinfo(mountinfo)).toBeUndefined();
});

test('a container that has the containers folder mounted is not one of them', () => {
  const mountinfo =
    '700 612 8:1 /var/lib/docker/containers /var/lib/docker/containers ro - ext4 /dev/sda1 rw';
  expect(idFromMountinfo(mountinfo)).toBeUndefined();
});

test.each([
  [`4:memory:/docker/${ID}\n`, ID],
  [`0::/system.slice/docker-${ID}.scope\n`, ID],
  ['0::/\n', undefined],
  ['0::/user.slice/user-1000.slice/session-2.scope\n', undefined],
])('cgroup %j', (cgroup, id) => {
  expect(idFromCgroup(cgroup)).toBe(id);
});
