import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { AgentError } from '../runtime/errors.js';
import { takeUnread } from '../runtime/unread.js';
import { createLogger, type LogLevel } from './logger.js';

async function logged(level: LogLevel, isTTY: boolean, colors = false): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const log = await createLogger({ level, stream, colors });
  log.debug({ n: 1 }, 'Quiet.');
  log.info({ n: 2 }, 'Said.');
  const cause = new Error('the cause');
  log.error({ err: new AgentError('SINK_WRITE', 'Not written.', { remedy: 'Do it.', cause }) }, 'Failed.');
  log.error({ err: new TypeError('a defect') }, 'Broken.');
  log.close();
  return Buffer.concat(takeUnread(stream)).toString();
}

test('JSON lines where nobody watches', async () => {
  const lines = (await logged('info', false))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(lines).toEqual([
    { level: 'info', time, n: 2, msg: 'Said.' },
    {
      level: 'error',
      time,
      err: { code: 'SINK_WRITE', message: 'Not written.', remedy: 'Do it.', cause: 'the cause' },
      msg: 'Failed.',
    },
    {
      level: 'error',
      time,
      err: { message: 'a defect', stack: expect.stringContaining('logger.test') },
      msg: 'Broken.',
    },
  ]);
});

test('sentences on a terminal, with colours only where they are wanted', async () => {
  const plain = await logged('debug', true);
  expect(plain).toMatch(/^\[\d\d:\d\d:\d\d\] DEBUG: Quiet\. \{"n":1\}\n\[\d\d:\d\d:\d\d\] INFO: Said\. /);
  expect(plain).not.toContain('\u001b');
  expect(await logged('error', true, true)).toContain('\u001b[31mERROR');
});

test('a storm is one line with a count, at the latest at the end', async () => {
  const stream = new PassThrough();
  const log = await createLogger({ level: 'info', stream, colors: false });
  for (let i = 0; i < 100; i++) log.warn({ i }, 'Again.');
  const lines = () =>
    Buffer.concat(takeUnread(stream))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  expect(lines().map(({ i }) => i)).toEqual([0, 1, 2, 3, 4]);
  log.close();
  expect(lines()).toMatchObject([{ level: 'warn', i: 99, msg: 'Again. (repeated 95 times in 30 s)' }]);
});
