/** Containers that say what a test wants them to say, byte by byte. */
import type { EngineBed } from '../../support/engine-test.js';

export interface Saying {
  readonly stream?: 'stdout' | 'stderr';
  readonly line: string | Buffer;
}

export interface Speaker {
  readonly name: string;
  /** Written once at the start, each with a newline behind it. Together less than 100 kB. */
  readonly lines?: readonly Saying[];
  /** JavaScript that runs after that, with `fs` and `say(text)` and `complain(text)`, which write a line. */
  readonly script?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const WRITE = `
const fs = require('node:fs');
const write = (fd, bytes) => { for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at); };
const say = (text) => write(1, Buffer.from(text + '\\n'));
const complain = (text) => write(2, Buffer.from(text + '\\n'));
for (const [fd, line] of JSON.parse(process.argv[1])) write(fd, Buffer.concat([Buffer.from(line, 'base64'), Buffer.from('\\n')]));
`;

/** Starts one; it lives as long as its script, and is removed after the tests. Answers its id. */
export async function startSpeaker({ api, facts }: EngineBed, speaker: Speaker): Promise<string> {
  const { name, lines = [], script = '', labels = {} } = speaker;
  const sayings = lines.map(({ stream = 'stdout', line }) => [
    stream === 'stdout' ? 1 : 2,
    Buffer.from(line).toString('base64'),
  ]);
  const command = ['/bin/node', '-e', `${WRITE}${script}`, JSON.stringify(sayings)];
  const id = await api.create({ name, image: facts.image, command, labels });
  await api.start(id);
  return id;
}

/** For `script`: `tick <n>` from 1 on, so many a second, for as long as it lives. */
export const ticking = (perSecond: number): string =>
  `let n = 0; setInterval(() => say('tick ' + ++n), ${1000 / perSecond});`;
