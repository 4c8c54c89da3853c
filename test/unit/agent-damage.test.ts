/**
 * What a disk and a clock can do to the built agent: it starts, says what it found, loses nothing that is still at its
 * source, goes on, and its ledger adds up. Every byte and every bit: src/journal/damage.test.ts; every call of the disk:
 * disk-faults.test.ts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { decodeHeader, HEADER_BYTES, RecordType, recordLength } from '../../src/journal/record.js';
import { segmentBase } from '../../src/journal/segments.js';
import { Filler } from '../../src/torture/small-disk.js';
import { type Agent, killAgents } from '../support/agent.js';
import { CONTAINERS, Host, type Ledger, type Left } from '../support/host.js';
import { scratch } from '../support/scratch.js';

/** In each half of the first segment, and in each of the two others. */
const ROUNDS = 3;
const LINES = 20;
const EACH = ROUNDS * LINES * CONTAINERS.length;

let host: Host;
/** Three segments; the output has the first one. */
let behind: Left;
/** The same; the output has half of the first one. */
let furtherBehind: Left;
/** The same; the output has all of it. */
let full: Left;

async function rounds(agent: Agent, until: (agent: Agent) => Promise<unknown>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    host.write(LINES);
    await until(agent);
  }
}

beforeAll(async () => {
  host = await Host.start(mkdtempSync(path.join(tmpdir(), 'lct-damage-')));
  let agent = await host.agent(true);
  await rounds(agent, (agent) => host.complete(agent));
  const half = host.keep('half');
  await rounds(agent, (agent) => host.complete(agent));
  await agent.stop();
  const { output } = host.keep('first');
  for (let segment = 1; segment <= 2; segment++) {
    agent = await host.agent(false);
    await rounds(agent, (agent) => host.journaled(agent));
    agent.signal('SIGKILL');
    await agent.exit;
  }
  behind = { data: host.keep('behind').data, output };
  furtherBehind = { ...behind, output: half.output };
  agent = await host.agent(true);
  await host.complete(agent);
  await agent.stop();
  full = host.keep('full');
}, 120_000);

afterEach(() => killAgents());
afterAll(async () => {
  await host.close();
  rmSync(host.folder, { recursive: true, force: true });
});

interface Survived {
  readonly ledger: Ledger;
  /** What it warned of, with code. */
  readonly said: readonly string[];
  /** Lines that are not in the output, and those that are there again. */
  readonly missing: readonly string[];
  readonly twice: readonly string[];
}

/** An agent finds what was left, damaged, and more at its source than before. */
async function survive(left: Left, damage: () => void): Promise<Survived> {
  host.putBack(left);
  damage();
  host.write(5);
  const agent = await host.agent(true);
  const ledger = await host.complete(agent);
  const said = agent.log.split('\n').flatMap((line) => {
    if (!line.startsWith('{"level":"warn"')) return [];
    const { code = 'no code', msg } = JSON.parse(line) as { code?: string; msg: string };
    return [`${code}: ${msg}`];
  });
  expect(await agent.stop()).toMatchObject({ code: 0 });
  const delivered = Object.values(host.delivered).flat();
  const once = new Set(delivered);
  const missing = Object.values(host.written)
    .flat()
    .filter((line) => !once.has(line));
  const twice = delivered.filter((line) => !once.delete(line));
  expect(new Set(Object.values(ledger.unaccounted))).toEqual(new Set([0]));
  const [{ lost }] = ledger.sinks;
  expect(Object.values(lost).reduce((sum, lines) => sum + lines, 0)).toBe(missing.length);
  return { ledger, said, missing, twice };
}

interface Found {
  readonly type: number;
  readonly lines: number;
  readonly at: number;
  readonly meta: number;
  readonly end: number;
}

function recordsOf(file: string): Found[] {
  const bytes = readFileSync(file);
  const base = segmentBase(path.basename(file)) as number;
  const found: Found[] = [];
  for (let at = 0; ; ) {
    const header = decodeHeader(bytes, at, base + at);
    if (!header) return found;
    const { type, lines } = header;
    const end = at + recordLength(header);
    found.push({ type, lines, at, meta: at + HEADER_BYTES, end });
    at = end;
  }
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] ^= 1;
  writeFileSync(file, bytes);
}

const isCommit = ({ type, lines }: Found): boolean => type === RecordType.commit && lines > 0;
const isBlock = ({ type }: Found): boolean => type === RecordType.block;

/** The last commit with lines: where its group begins and ends. */
function lastGroup(): { file: string; from: number; to: number } {
  const file = host.segments.at(-1) as string;
  const records = recordsOf(file);
  const last = records.findLastIndex(isCommit);
  const before = records.slice(0, last).findLast(({ type }) => type !== RecordType.block) as Found;
  return { file, from: before.end, to: records[last].end };
}

describe('a last commit that was torn', () => {
  const FILLINGS: Record<string, (rest: Buffer) => Buffer> = {
    nothing: () => Buffer.alloc(0),
    'a hole, and the rest': (rest) => Buffer.concat([Buffer.alloc(8), rest.subarray(8)]),
    zeros: (rest) => Buffer.alloc(rest.length),
    'something else': (rest) => rest.map((byte, i) => byte ^ (0x55 + (i % 64))) as Buffer,
  };

  test.each([
    [0.01, 'something else'],
    [0.2, 'zeros'],
    [0.5, 'nothing'],
    [0.1, 'a hole, and the rest'],
    [0.5, 'a hole, and the rest'],
    [0.9, 'something else'],
    [0.999, 'nothing'],
  ])('at %d of it, behind it %s', async (part, filling) => {
    const { said, missing, twice } = await survive(behind, () => {
      const { file, from, to } = lastGroup();
      const at = from + Math.max(1, Math.floor((to - from) * part));
      const bytes = readFileSync(file).subarray(0, to);
      writeFileSync(file, Buffer.concat([bytes.subarray(0, at), FILLINGS[filling](bytes.subarray(at))]));
    });
    expect([missing, twice]).toEqual([[], []]);
    expect(said).toEqual([expect.stringMatching(/: \d+ bytes after the last commit were cut off\.$/)]);
  });
});

describe('a flipped bit', () => {
  test.each([
    ['the lines of', ({ end }: Found) => end - 3],
    ['the head of', ({ at }: Found) => at + 9],
  ])('in %s a block that the output lacks: its lines are told', async (_, byteOf) => {
    let lines = 0;
    const { said, missing, twice } = await survive(behind, () => {
      const block = recordsOf(host.segments[1]).filter(isBlock)[1];
      flip(host.segments[1], byteOf(block));
      lines = block.lines;
    });
    expect([missing.length, twice]).toEqual([lines, []]);
    expect(said).toContainEqual(
      expect.stringMatching(new RegExp(`^JOURNAL_DAMAGED: sink/files has a gap: ${lines} lines are lost`)),
    );
  });

  test.each([
    ['the lines of', ({ end }: Found) => end - 3],
    ['the head of', ({ at }: Found) => at + 9],
  ])(
    'in %s a block that the output has, in the segment where it goes on: nothing is missing',
    async (_, byteOf) => {
      const { said, missing, twice } = await survive(furtherBehind, () => {
        flip(host.segments[0], byteOf(recordsOf(host.segments[0]).filter(isBlock)[0]));
      });
      expect([missing, twice, said]).toEqual([[], [], []]);
    },
  );

  test.each([
    [
      'the newest segment',
      0,
      /^JOURNAL_DAMAGED: The head of .* is damaged: what it said is known without it\.$/,
    ],
    [
      'a commit',
      2,
      /^JOURNAL_DAMAGED: 1 damaged stretches in committed data are stepped over, 1 commits among them/,
    ],
  ])('in the head of %s: no line is missing', async (_, number, sentence) => {
    const { said, missing, twice } = await survive(behind, () => {
      const file = host.segments.at(-1) as string;
      flip(file, recordsOf(file).filter(({ type }) => type !== RecordType.block)[number].at + 9);
    });
    expect([missing, twice]).toEqual([[], []]);
    expect(said).toContainEqual(expect.stringMatching(sentence));
  });

  test('in the last commit: what it held is read again', async () => {
    const { said, missing, twice } = await survive(behind, () => {
      const { file, to } = lastGroup();
      truncateSync(file, to);
      flip(file, to - 3);
    });
    expect([missing, twice]).toEqual([[], []]);
    expect(said).toEqual([expect.stringMatching(/bytes after the last commit were cut off\.$/)]);
  });
});

describe('a segment that is gone', () => {
  const remove = (number: number) => () => rmSync(host.segments.at(number) as string);

  test('in the middle: its lines are told', async () => {
    const { said, missing, twice } = await survive(behind, remove(1));
    expect([missing.length, twice]).toEqual([EACH, []]);
    expect(said).toContainEqual(
      expect.stringMatching(
        new RegExp(`^JOURNAL_DAMAGED: The journal lacks its bytes from \\d+ to \\d+, with ${EACH} lines\\.$`),
      ),
    );
  });

  test('the newest: its lines are read again', async () => {
    const { missing, twice } = await survive(behind, remove(-1));
    expect([missing, twice]).toEqual([[], []]);
  });

  test('the oldest two: what the output lacked of them is told', async () => {
    const { said, missing, twice } = await survive(behind, () => {
      for (const file of host.segments.slice(0, 2)) rmSync(file);
    });
    expect([missing.length, twice]).toEqual([EACH, []]);
    expect(said).toContainEqual(expect.stringContaining(`sink/files has a gap: ${EACH} lines are lost`));
  });

  test('all of them: what is at the source is read again', async () => {
    const { said, missing } = await survive(behind, () => {
      for (const file of host.segments) rmSync(file);
    });
    expect(missing).toEqual([]);
    expect(said).toContainEqual(expect.stringContaining('sink/files has a gap: an unknown number of lines'));
  });
});

test('an output that is further than the journal: what the journal lacks is read again', async () => {
  const { said, missing } = await survive(full, () => {
    for (const file of host.segments.slice(1)) rmSync(file);
  });
  expect(missing).toEqual([]);
  expect(said).toContainEqual(
    expect.stringMatching(/^JOURNAL_DAMAGED: "files" was further than the journal reaches/),
  );
});

/** Everything that was written, once and in order. */
async function expectAll(agent: Agent, host: Host): Promise<void> {
  const { unaccounted } = await host.complete(agent);
  expect(new Set(Object.values(unaccounted))).toEqual(new Set([0]));
  expect(host.delivered).toEqual(host.written);
}

test('a clock that is set back a day, while the agent runs and while it does not, and put right again', async () => {
  const folder = scratch('clock');
  const host = await Host.start(folder);
  onTestFinished(() => host.close());
  const isBack = path.join(folder, 'back');
  const options = { preloads: ['clock-hook.mjs'], env: { CLOCK_BACK_WHILE: isBack } };
  const today = /^clock: /;
  const yesterday = new RegExp(`^clock: ${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}`);
  host.write(LINES);
  let agent = await host.agent(true, options);
  await expectAll(agent, host);
  writeFileSync(isBack, '');
  await agent.said(yesterday);
  host.write(LINES);
  await expectAll(agent, host);
  agent.signal('SIGKILL');
  await agent.exit;
  host.write(LINES);
  agent = await host.agent(true, options);
  await agent.said(yesterday);
  await expectAll(agent, host);
  const before = agent.log.match(/^clock: /gm)?.length ?? 0;
  rmSync(isBack);
  await agent.said(today);
  host.write(LINES);
  await expectAll(agent, host);
  expect(agent.log.match(/^clock: /gm)?.length).toBe(before + 1);
  expect(await agent.get('/api/v1/gaps')).toMatchObject({ gaps: [] });
  expect(await agent.stop()).toMatchObject({ code: 0 });
});

/** Where this user may mount, a small filesystem there. */
function mounted(folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'log-capturer-test', folder]).status === 0;
}

test('a disk that is full, while the agent runs and when it starts', async ({ skip }) => {
  const folder = scratch('full-disk');
  const small = path.join(folder, 'small');
  if (!mounted(small)) skip('No filesystem can be mounted here.');
  const host = await Host.start(folder, path.join(small, 'data'));
  onTestFinished(async () => {
    await killAgents();
    await host.close();
    execFileSync('umount', [small]);
  });
  const filler = new Filler(small);
  host.write(LINES);
  let agent = await host.agent(true);
  await expectAll(agent, host);
  expect(filler.fill()).toBe(true);
  // What is left of pages that were begun takes some more.
  while (!/JOURNAL_WRITE/.test(agent.log)) {
    host.write(LINES);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(agent.log).toContain('"code":"JOURNAL_WRITE"');
  filler.empty();
  await expectAll(agent, host);
  expect(filler.fill()).toBe(true);
  host.write(LINES);
  agent.signal('SIGKILL');
  await agent.exit;
  agent = await host.agent(true);
  filler.empty();
  host.write(LINES);
  await expectAll(agent, host);
  expect(await agent.stop()).toMatchObject({ code: 0 });
}, 120_000);
