/** A journalctl made of a pipe: what is asked of it, what becomes of its entries, what is remembered. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournaldSourceConfig } from '../../config/types.js';
import type { Batch } from '../../pipeline/batch.js';
import type { Pipeline, Position } from '../../pipeline/contract.js';
import type { SourceGap } from '../../pipeline/gaps.js';
import { timeText } from '../../pipeline/line-time.js';
import { type Labels, StreamTable } from '../../pipeline/streams.js';
import { silentLogger } from '../../runtime/log.js';
import type { ProgramEnd, RunningProgram } from '../../runtime/processes.js';
import { Scope } from '../../runtime/scope.js';
import { Health } from '../../telemetry/health.js';
import { JournaldSource } from './source.js';

const KEY = 'journald-cursor/host';
const MICROS = 1_700_000_000_000_000;
const CONFIG: JournaldSourceConfig = {
  type: 'journald',
  units: [],
  matches: [],
  fields: [],
  startAt: 'beginning',
  maxLineBytes: 1024,
};

interface Line {
  readonly time: string;
  readonly labels: Labels;
  readonly text: string;
  readonly fields: Record<string, string>;
}

/** What is done to the pipeline, in its order. */
type Step =
  | { readonly lines: Line[]; readonly key: string }
  | { readonly position: Position | undefined }
  | { readonly gap: SourceGap; readonly labels: Labels };

class Journalctl implements RunningProgram {
  readonly stdout = new PassThrough();
  readonly ended: Promise<ProgramEnd>;
  readonly args: readonly string[];
  #end: (end: ProgramEnd) => void = () => {};

  constructor(args: readonly string[]) {
    this.args = args;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  said = (): string => '';

  stop(): Promise<void> {
    this.stdout.destroy();
    this.#end({ error: undefined, code: undefined, said: '' });
    return Promise.resolve();
  }

  exit(end: Partial<ProgramEnd>): void {
    this.stdout.end();
    this.#end({ error: undefined, code: 1, said: '', ...end });
  }
}

let root: Scope;
let streams: StreamTable;
let steps: Step[];
let positions: Map<string, Position | undefined>;
let programs: Journalctl[];
let health: Health;

beforeEach(() => {
  root = Scope.root('test', (error) => {
    throw error;
  });
  streams = new StreamTable();
  steps = [];
  positions = new Map();
  programs = [];
  health = new Health();
});

afterEach(() => root.close());

function run(config: Partial<JournaldSourceConfig> = {}): JournaldSource {
  const source = new JournaldSource(
    { ...CONFIG, ...config },
    {
      name: 'host',
      log: silentLogger,
      health,
      labels: { env: 'a' },
      start: (_scope, args) => {
        programs.push(new Journalctl(args));
        return programs[programs.length - 1];
      },
    },
  );
  const pipeline: Pipeline = {
    streams,
    isFirstStart: true,
    position: (key) => positions.get(key),
    positionKeys: () => [],
    setPosition(key, position) {
      positions.set(key, position);
      if (key === KEY) steps.push({ position });
    },
    gap: (gap, labels) => void steps.push({ gap, labels }),
    push: (batch, key) => void steps.push({ lines: linesOf(batch), key }),
  };
  void root.run('source', () => source.run(root, pipeline));
  return source;
}

function linesOf(batch: Batch): Line[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    time: timeText(batch.seconds[row], batch.nanos[row]),
    labels: streams.get(batch.stream[row])?.labels ?? {},
    text: batch.arena.toString('latin1', batch.start[row], batch.end[row]),
    fields: Object.fromEntries(batch.metadata?.pairs(row) ?? []),
  }));
}

const cursor = (n: number, numbering = 'a'): string =>
  `s=${numbering};i=${n.toString(16)};b=b0;m=${n};t=${n};x=${n}`;

/** An entry as journalctl writes it; the n-th, n µs after MICROS where it says nothing else. */
function entry(n: number, fields: Record<string, string>): Buffer {
  const given = { __CURSOR: cursor(n), __REALTIME_TIMESTAMP: String(MICROS + n), ...fields };
  const parts = Object.entries(given).map(([name, value]) => {
    const bytes = Buffer.from(value, 'latin1');
    if (!bytes.includes(10)) return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from('\n')]);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
  });
  return Buffer.concat([...parts, Buffer.from('\n')]);
}

/** Writes to the last journalctl, and waits until it was read. */
async function write(...entries: Buffer[]): Promise<void> {
  await until(() => programs.length > 0);
  const before = steps.length;
  programs[programs.length - 1].stdout.write(Buffer.concat(entries));
  await until(() => steps.length > before);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

const lines = (): Line[] => steps.flatMap((step) => ('lines' in step ? step.lines : []));
const gaps = (): Step[] => steps.filter((step) => 'gap' in step);

describe('an entry', () => {
  const TABLE: [what: string, fields: Record<string, string>, line: Partial<Line>][] = [
    [
      'of a unit',
      {
        MESSAGE: 'hi',
        PRIORITY: '3',
        _SYSTEMD_UNIT: 'ssh.service',
        SYSLOG_IDENTIFIER: 'sshd',
        _HOSTNAME: 'h',
      },
      {
        text: 'hi',
        labels: { container: 'ssh.service', unit: 'ssh.service', host: 'h', env: 'a' },
        fields: { level: 'error', syslog_identifier: 'sshd' },
      },
    ],
    [
      "of a user's unit",
      { MESSAGE: 'x', _SYSTEMD_UNIT: 'user@1.service', _SYSTEMD_USER_UNIT: 'app.service' },
      { labels: { container: 'app.service', unit: 'app.service', env: 'a' } },
    ],
    [
      'of a session',
      { MESSAGE: 'x', _SYSTEMD_UNIT: 'session-3.scope', SYSLOG_IDENTIFIER: 'su' },
      { labels: { container: 'su', env: 'a' } },
    ],
    [
      'of a passing unit',
      { MESSAGE: 'x', _SYSTEMD_UNIT: 'run-r0a1.service', SYSLOG_IDENTIFIER: 'job' },
      { labels: { container: 'job', env: 'a' } },
    ],
    [
      'of the kernel',
      { MESSAGE: 'x', _TRANSPORT: 'kernel', PRIORITY: '6' },
      { labels: { container: 'kernel', env: 'a' }, fields: { level: 'info' } },
    ],
    [
      'of somebody with a long name, not all of it ASCII',
      { MESSAGE: 'x', SYSLOG_IDENTIFIER: Buffer.from(`ü${'n'.repeat(9000)}`).toString('latin1') },
      { labels: { container: `ü${'n'.repeat(255)}`, env: 'a' } },
    ],
    ['of nobody', { MESSAGE: 'x' }, { labels: { container: 'journald', env: 'a' }, fields: {} }],
    ['with newlines', { MESSAGE: 'a\n\nb\n' }, { text: 'a\n\nb\n' }],
    ['with any bytes', { MESSAGE: '\0\xff\n\xfe' }, { text: '\0\xff\n\xfe' }],
    ['that is empty', { MESSAGE: '' }, { text: '' }],
    ['without a message', { FOO: 'x' }, { text: '' }],
    ['that is long', { MESSAGE: 'x'.repeat(2000) }, { text: `${'x'.repeat(976)} [cut: 1024 bytes more]` }],
    ['with a priority that is none', { MESSAGE: 'x', PRIORITY: '33' }, { fields: {} }],
    ['with a priority that is a word', { MESSAGE: 'x', PRIORITY: 'e' }, { fields: {} }],
    ['with an empty priority', { MESSAGE: 'x', PRIORITY: '' }, { fields: {} }],
    [
      'at its time',
      { MESSAGE: 'x', __REALTIME_TIMESTAMP: '1700000000123456' },
      { time: '2023-11-14T22:13:20.123456000Z' },
    ],
  ];

  test.each(TABLE)('%s', async (_, fields, line) => {
    run();
    await write(entry(1, fields));
    expect(lines()).toEqual([expect.objectContaining(line)]);
  });

  test('has nothing of the one before', async () => {
    run({ fields: ['_PID'] });
    await write(
      entry(1, { MESSAGE: 'first', PRIORITY: '3', _PID: '7', SYSLOG_IDENTIFIER: 'i' }),
      entry(2, {}),
    );
    expect(lines().map(({ text, fields, labels }) => [text, fields, labels['container']])).toEqual([
      ['first', { level: 'error', pid: '7', syslog_identifier: 'i' }, 'i'],
      ['', {}, 'journald'],
    ]);
  });

  test('has the fields that were asked for, by names without what stands before them', async () => {
    run({ fields: ['_PID', 'CODE_FILE', 'SYSLOG_IDENTIFIER', '_HOSTNAME'] });
    await write(
      entry(1, { MESSAGE: 'x', _PID: '7', CODE_FILE: 'a\nb', SYSLOG_IDENTIFIER: 'i', _HOSTNAME: 'h' }),
    );
    expect(lines()[0].fields).toEqual({ syslog_identifier: 'i', pid: '7', code_file: 'a\nb', hostname: 'h' });
    const asked = programs[0].args
      .find((arg) => arg.startsWith('--output-fields='))
      ?.slice(16)
      .split(',');
    expect(new Set(asked)).toEqual(
      new Set([
        '__CURSOR',
        '__REALTIME_TIMESTAMP',
        'MESSAGE',
        'PRIORITY',
        'SYSLOG_IDENTIFIER',
        '_HOSTNAME',
        '_SYSTEMD_UNIT',
        '_SYSTEMD_USER_UNIT',
        '_TRANSPORT',
        '_PID',
        'CODE_FILE',
      ]),
    );
  });

  test('of the same microsecond is a nanosecond later, and one that says no time has the last', async () => {
    run();
    const at = (micros: string): Record<string, string> => ({ MESSAGE: 'x', __REALTIME_TIMESTAMP: micros });
    const end = '1700000000999999';
    await write(...[end, end, end, 'x', '0', '1700000000999998'].map((micros, n) => entry(n, at(micros))));
    expect(lines().map(({ time }) => time.slice(20, 29))).toEqual([
      '999999000',
      '999999001',
      '999999002',
      '999999003',
      '999999004',
      '999998000',
    ]);
  });
});

describe('lines and the place behind them', () => {
  test('are of one step, by unit', async () => {
    run();
    await until(() => programs.length > 0);
    steps.length = 0;
    const unit = (n: number, name: string): Buffer => entry(n, { MESSAGE: String(n), _SYSTEMD_UNIT: name });
    await write(unit(1, 'a.service'), unit(2, 'b.service'), unit(3, 'a.service'));
    expect(
      steps.map((step) => ('lines' in step ? [step.key, step.lines.map(({ text }) => text)] : step)),
    ).toEqual([
      ['journald/a.service', ['1', '3']],
      ['journald/b.service', ['2']],
      { position: expect.objectContaining({ cursor: cursor(3), micros: MICROS + 3, later: 0 }) },
    ]);
  });

  test('a restart goes on there: the last entry comes again and is left out', async () => {
    const selection = JSON.stringify([null, null, ['a.service'], ['X=1']]);
    positions.set(KEY, { cursor: cursor(7), micros: MICROS + 7, later: 2, selection });
    run({ units: ['a.service'], matches: ['X=1'] });
    await write(entry(7, { MESSAGE: '7' }), entry(8, { MESSAGE: '8' }), entry(7, { MESSAGE: '7 again' }));
    expect(programs[0].args).toEqual(
      expect.arrayContaining([`--cursor=${cursor(7)}`, '--unit=a.service', '--follow', '--no-tail']),
    );
    expect(programs[0].args.slice(-2)).toEqual(['--', 'X=1']);
    expect(lines().map(({ text }) => text)).toEqual(['8', '7 again']);
    expect(gaps()).toEqual([]);
  });

  test('it is the same entry where it was copied to another file', async () => {
    positions.set(KEY, {
      cursor: cursor(7, 'a'),
      micros: MICROS + 7,
      later: 0,
      selection: '[null,null,[],[]]',
    });
    run();
    await write(entry(7, { __CURSOR: cursor(7, 'b'), MESSAGE: '7' }), entry(8, { MESSAGE: '8' }));
    expect(lines().map(({ text }) => text)).toEqual(['8']);
    expect(gaps()).toEqual([]);
  });

  test('where another entry comes the last one is gone: a gap, in the step of what follows', async () => {
    positions.set(KEY, { cursor: cursor(7), micros: MICROS + 7, later: 0, selection: '[null,null,[],[]]' });
    run();
    await write(entry(2_000_009, { MESSAGE: '9' }));
    expect(steps).toEqual([
      {
        gap: {
          why: 'blind',
          from: { seconds: 1_700_000_000, nanos: 7000 },
          to: { seconds: 1_700_000_002, nanos: 9000 },
          detail: expect.stringContaining('dropped the entry'),
        },
        labels: { env: 'a', container: 'host' },
      },
      { key: 'journald/journald', lines: [expect.objectContaining({ text: '9' })] },
      { position: expect.objectContaining({ cursor: cursor(2_000_009) }) },
    ]);
  });

  test('with other units the last entry need not come again', async () => {
    positions.set(KEY, { cursor: cursor(7), micros: MICROS + 7, later: 0, selection: '[null,null,[],[]]' });
    run({ units: ['a.service'] });
    await write(entry(9, { MESSAGE: '9' }));
    expect(programs[0].args).toContain(`--after-cursor=${cursor(7)}`);
    expect(lines().map(({ text }) => text)).toEqual(['9']);
    expect(gaps()).toEqual([]);
  });

  test.each([
    ['rubbish', 'rubbish'],
    ['an option', { cursor: '--file=/etc/shadow', micros: 5, later: 0, selection: '' }],
    ['no number', { cursor: 'x=1', micros: -1, later: 0, selection: '' }],
  ])('a place that is none is not gone by: %s', async (_, position) => {
    positions.set(KEY, position);
    run();
    await until(() => programs.length > 0);
    expect(programs[0].args.join(' ')).not.toMatch(/cursor=|shadow/);
  });
});

describe('the first start', () => {
  test.each([
    ['beginning', undefined],
    ['end', 0],
    [60_000, 60],
  ] as const)('begins at %s, and remembers it before the first entry', async (startAt, ageSeconds) => {
    const now = Date.now() / 1000;
    run({ startAt });
    await until(() => programs.length > 0);
    const since = programs[0].args.find((arg) => arg.startsWith('--since='));
    if (ageSeconds === undefined) expect(since).toBeUndefined();
    else {
      expect(Number(since?.slice('--since=@'.length)) - (now - ageSeconds)).toBeLessThan(5);
      expect(Number(since?.slice('--since=@'.length)) - (now - ageSeconds)).toBeGreaterThan(-0.01);
    }
    const micros = Math.round(Number(since?.slice('--since=@'.length) ?? 0) * 1e6);
    const { micros: kept } = positions.get(KEY) as { micros: number };
    expect(Math.abs(kept - micros)).toBeLessThan(2);
  });
});

describe('a journalctl that ends', () => {
  const TABLE: [what: string, end: Partial<ProgramEnd>, reason: RegExp][] = [
    [
      'is not there',
      { error: Object.assign(new Error('spawn journalctl ENOENT'), { code: 'ENOENT' }) },
      /^LOG_UNREADABLE: There is no journalctl here.*Install systemd/,
    ],
    [
      'may not',
      { said: 'No journal files were opened due to insufficient permissions.' },
      /^LOG_UNREADABLE: journalctl ended with code 1 \(No journal.*systemd-journal/,
    ],
    [
      'says why',
      { said: 'Hint: x\nFailed to open /x: No such file or directory' },
      /^LOG_UNREADABLE: journalctl ended with code 1 \(Failed to open \/x: No such file or directory\)\.$/,
    ],
    ['was killed', { code: undefined }, /^LOG_UNREADABLE: journalctl was ended by a signal\.$/],
  ];

  test.each(TABLE)('because it %s: said, and started again where it was', async (_, end, reason) => {
    run();
    await write(entry(1, { MESSAGE: '1' }));
    programs[0].exit(end);
    await until(() => programs.length > 1);
    expect(health.components().get('host')).toMatchObject({
      state: 'degraded',
      reason: expect.stringMatching(reason),
    });
    expect(programs[1].args).toContain(`--cursor=${cursor(1)}`);
    await write(entry(1, { MESSAGE: '1' }), entry(2, { MESSAGE: '2' }));
    expect(lines().map(({ text }) => text)).toEqual(['1', '2']);
    expect(gaps()).toEqual([]);
  });
});

test('closing ends journalctl, and nothing stays', async () => {
  run();
  await write(entry(1, { MESSAGE: '1' }));
  await root.close();
  expect(programs[0].stdout.destroyed).toBe(true);
  expect(streams.size).toBe(0);
  expect(root.census().size).toBe(0);
  expect(health.components().has('host')).toBe(false);
});
