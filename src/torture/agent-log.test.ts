import { expect, test } from 'vitest';
import { AgentLog } from './agent-log.js';

test('a disk that is full, and lines that come late, are heard of; nothing else is', () => {
  const log = new AgentLog();
  log.take('{"level":"info","msg":"Stopped: everything read is committed."}');
  log.take('(node:1) Warning: something');
  expect([log.noSpace, log.late]).toEqual([0, []]);
  log.take(
    '{"level":"error","msg":"The journal cannot be written: ENOSPC: no space left on device, write."}',
  );
  const [from, to] = ['2026-11-22T10:24:13.548728299Z', '2026-11-22T10:24:21.901932990Z'];
  log.take(
    JSON.stringify({
      container: 'c',
      lines: 2,
      from,
      to,
      msg: 'They are delivered late, behind later ones.',
    }),
  );
  const [early, late] = ['2026-11-22T10:24:13.548Z', '2026-11-22T10:24:21.902Z'].map((text) =>
    Date.parse(text),
  );
  expect([log.noSpace, log.late]).toEqual([1, [{ id: 'c', from: early, to: late }]]);
});
