import { expect, it } from 'vitest';
import { Exposition } from './exposition.js';

const TEXT = `# HELP lines_total Lines.
# TYPE lines_total counter
lines_total{container="a"} 3
lines_total{container="with \\"quotes\\", a comma and a }"} 4
lines_total_more 100
plain 1.5e3
resources{kind="timer"} 7
resources{kind="socket"} 0
`;

it('reads the series of a family, and says where there is none', () => {
  const exposition = new Exposition(TEXT);
  expect(exposition.sum('lines_total')).toBe(7);
  expect(exposition.sum('plain')).toBe(1500);
  expect(exposition.sum('lines')).toBeUndefined();
  expect(exposition.by('resources', 'kind')).toEqual({ timer: 7, socket: 0 });
  expect(exposition.by('nothing', 'kind')).toEqual({});
});
