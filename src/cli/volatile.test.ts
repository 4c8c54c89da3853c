import { expect, test } from 'vitest';
import { isLostWithContainer } from './volatile.js';

const TMPFS = 0x01021994;
const OVERLAY = 0x794c7630;

function lost(marks: string[], devices: Record<string, number>, kind = OVERLAY): boolean {
  return isLostWithContainer('/data', {
    exists: (path) => marks.includes(path),
    device: (path) => {
      if (!(path in devices)) throw new Error('ENOENT');
      return devices[path];
    },
    kind: () => kind,
  });
}

test.each<[string, string[], Record<string, number>, number, boolean]>([
  ['outside of a container', [], { '/': 1, '/data': 1 }, OVERLAY, false],
  ["on the container's own layer", ['/.dockerenv'], { '/': 1, '/data': 1 }, OVERLAY, true],
  ["the same in Podman's", ['/run/.containerenv'], { '/': 1, '/data': 1 }, OVERLAY, true],
  ['on a volume', ['/.dockerenv'], { '/': 1, '/data': 2 }, OVERLAY, false],
  ['in memory', ['/.dockerenv'], { '/': 1, '/data': 2 }, TMPFS, true],
  ['where nothing tells', ['/.dockerenv'], { '/': 1 }, OVERLAY, false],
])('a history %s', (_, marks, devices, kind, expected) => {
  expect(lost(marks, devices, kind)).toBe(expected);
});
