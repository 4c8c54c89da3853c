/**
 * No secret reaches the disk. Every secret of the corpus goes through a real agent, many of them in stack traces that
 * `multiline` holds while the agent is killed. Then none of them is found in the data directory, at the sink, or in what the
 * agent said: in the bytes as they lie there, and in all that can be decompressed of them.
 */
import { appendFileSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { uncompress } from 'snappyjs';
import { afterEach, expect, test, vi } from 'vitest';
import { secretLines } from '../../src/processors/redact/testing/corpus.js';
import { Agent, killAgents } from '../support/agent.js';
import { scratch } from '../support/scratch.js';

const FILES = 10;
const WAIT = { timeout: 20_000, interval: 50 };
const HEADER_BYTES = 48;

afterEach(killAgents);

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => path.join(folder, String(name)))
    .filter((file) => lstatSync(file).isFile());
}

/** By nothing that has packed it. */
function unpacked(bytes: Buffer): Buffer {
  return Buffer.from(uncompress(bytes));
}

/** What the records of a segment hold: the layout is at the head of src/journal/record.ts. */
function contentsOf(segment: Buffer): Buffer[] {
  const contents: Buffer[] = [];
  for (
    let at = 0;
    at + HEADER_BYTES <= segment.length && segment.toString('latin1', at, at + 4) === 'LCJ1';
  ) {
    const meta = at + HEADER_BYTES;
    const payload = meta + segment.readUInt32LE(at + 16);
    const end = payload + segment.readUInt32LE(at + 24);
    if (end > segment.length) break;
    const isPacked = (segment[at + 7] & 1) === 1;
    contents.push(isPacked ? unpacked(segment.subarray(meta, payload)) : segment.subarray(meta, payload));
    if (end > payload) contents.push(unpacked(segment.subarray(payload, end)));
    at = end;
  }
  return contents;
}

/** Everything that can be read below `folder`, as Latin-1; and of it what the journal holds. */
function textsIn(folder: string): { readonly all: string; readonly journal: string } {
  const raw = filesIn(folder).map((file) => readFileSync(file));
  const journal = raw
    .flatMap(contentsOf)
    .map((content) => content.toString('latin1'))
    .join('\n');
  return { all: `${raw.map((bytes) => bytes.toString('latin1')).join('\n')}\n${journal}`, journal };
}

test('no secret is found on the disk, at a sink or in the log, whenever the agent is killed', async () => {
  const folder = scratch('redact');
  const input = path.join(folder, 'input');
  const data = path.join(folder, 'data');
  const output = path.join(folder, 'output');
  mkdirSync(input);
  const secrets = secretLines();
  const config = {
    sources: { files: { type: 'file', include: [path.join(input, '*.log')], start_at: 'beginning' } },
    processors: [{ type: 'multiline', timeout: '60s' }, { type: 'parse' }, { type: 'redact' }],
    sinks: { local: { type: 'file', directory: output, format: 'json', compress: false } },
  };
  const write = (n: number, text: string): void => appendFileSync(path.join(input, `${n}.log`), text);
  const traceOf = (line: string): string =>
    `java.lang.IllegalStateException: ${line}\n\tat com.acme.Till.close(Till.java:7)\n`;
  const half = secrets.length / 2;
  for (const [i, { line }] of secrets.slice(0, half).entries()) write(i % FILES, `${line}\n${traceOf(line)}`);

  const said: string[] = [];
  let agent = await (await Agent.start({ folder, dataDir: data, config })).ready();
  // The last trace of each file is held, and saved with the positions.
  await vi.waitFor(() => {
    const { journal } = textsIn(data);
    for (let n = 0; n < FILES; n++)
      expect(journal).toMatch(new RegExp(`pipeline/file/[^"]*/${n}\\.log[^}]*held`));
  }, WAIT);
  agent.signal('SIGKILL');
  await agent.exit;
  said.push(agent.log);
  const killed = textsIn(data);

  for (const [i, { line }] of secrets.slice(half).entries())
    write(i % FILES, `${traceOf(line)}${line}\nend\n`);
  agent = await (await Agent.start({ folder, dataDir: data, config })).ready();
  await vi.waitFor(() => {
    const text = textsIn(output).all;
    expect(text.split('"line":"end"').length - 1).toBe(half);
  }, WAIT);
  const { unaccounted } = await agent.get<{ unaccounted: Record<string, number> }>('/api/v1/ledger');
  await agent.stop();
  said.push(agent.log);

  const places = {
    killed: killed.all,
    data: textsIn(data).all,
    output: textsIn(output).all,
    log: said.join('\n'),
  };
  for (const [place, text] of Object.entries(places))
    expect([place, secrets.filter(({ secret }) => text.includes(secret)).map(({ line }) => line)]).toEqual([
      place,
      [],
    ]);
  // The instruments see: what is no secret is found, and every event arrived once.
  expect(['[REDACTED:github]', 'Till.java:7'].filter((text) => !killed.journal.includes(text))).toEqual([]);
  // A key without an end takes the rest of its event with it.
  const cut = secrets.filter(({ line }) => line.includes('-----BEGIN') && !line.includes('-----END'));
  expect(places.output.split('Till.java:7').length - 1).toBe(secrets.length - cut.length);
  expect(new Set(Object.values(unaccounted))).toEqual(new Set([0]));
});
