/**
 * Two hundred reloads of a running agent while lines flow, a third of them of configurations that are wrong. A seed says
 * which. What stays must have every line once and in order, what is refused must change nothing and say why, and in the end
 * the agent holds what it held in the beginning.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ReloadResult } from '../../src/config/shape.js';
import { Random } from '../../src/torture/random.js';
import { Agent, killAgents } from '../support/agent.js';
import { type LokiReceiver, startLoki } from '../support/loki/receiver.js';
import { freePort } from '../support/ports.js';
import { reloadAndLook } from '../support/running.js';
import { scratch } from '../support/scratch.js';
import { FileWriter, JournalWriter, SyslogWriter } from '../support/steady-writers.js';

const RELOADS = 200;
const SEED = Number(process.env['RELOAD_SEED'] ?? 7);
const LINES_PER_SECOND = 1_500;
/** So long a sink that ends has for what is in flight. On a machine that is slower what was cut off comes again. */
const DRAIN_MS = 3_000;
const WAIT = { timeout: 180_000, interval: 25 };

type Sections = Record<string, Record<string, unknown>>;

interface Config {
  [section: string]: unknown;
  labels: Record<string, string>;
  alerts: Sections;
  sources: Sections;
  processors: { type: string }[];
  sinks: Sections;
}

/** None of them takes a line out, or makes one. */
const PROCESSORS: readonly { type: string }[] = [
  { type: 'level' },
  { type: 'parse', format: 'auto' },
  { type: 'parse', format: 'json', fields: ['level'] },
  { type: 'redact' },
  { type: 'redact', rules: ['default', 'ip'], match: '{container="demo-api"}' },
  { type: 'labels', add: { tier: 'x' } },
  { type: 'labels', add: { tier: 'y' }, match: '{stream="stderr"}' },
  { type: 'rate_limit', lines_per_second: 1_000_000 },
  // Every line begins one, so each waits for the next.
  { type: 'multiline', start: '^(10|\\[|\\{)', timeout: '500ms' },
  { type: 'multiline' },
] as readonly { type: string }[];

/** Lines that the test writes itself, and a Loki that takes some of all lines. */
interface World {
  readonly file: FileWriter;
  readonly journal: JournalWriter;
  readonly syslog: SyslogWriter;
  readonly loki: LokiReceiver;
  /** Of the configuration, while all of it is there. */
  readonly sections: Pick<Config, 'sources' | 'sinks'>;
}

async function worldIn(folder: string): Promise<World> {
  const [port, loki] = [await freePort(), await startLoki()];
  onTestFinished(() => loki.close());
  const file = new FileWriter(path.join(folder, 'logs'));
  return {
    file,
    journal: new JournalWriter(folder),
    syslog: new SyslogWriter(port),
    loki,
    sections: {
      sources: {
        files: { type: 'file', include: [file.file], labels: { container: 'app' } },
        units: { type: 'journald', start_at: 'beginning' },
        net: { type: 'syslog', tcp_port: port, udp_port: 0 },
      },
      sinks: {
        loki: { type: 'loki', url: loki.url, timeout: '5m', match: '{container=~"app|unit|net|demo-web"}' },
      },
    },
  };
}

function baseOf(folder: string, port: number): Config {
  const file = (name: string) => ({ type: 'file', directory: path.join(folder, name), max_files: 1000 });
  return {
    server: { port },
    metrics: { port: 0 },
    labels: {},
    alerts: {},
    sources: { sample: { type: 'demo', lines_per_second: LINES_PER_SECOND } },
    processors: [],
    sinks: {
      stays: { ...file('stays'), format: 'json', compress: false },
      some: { ...file('some'), format: 'json', match: '{container=~"demo-(web|api)"}', compress: false },
    },
  };
}

/** Another configuration that is right. */
function changed(random: Random, config: Config, full: Config): Config {
  const next = structuredClone(config);
  const change = random.pick<(next: Config) => void>([
    (next) => (next.processors = random.shuffled(PROCESSORS).slice(0, random.between(0, 4))),
    (next) => (next.processors = random.shuffled(next.processors)),
    (next) => (next.labels = random.pick([{}, { env: 'a' }, { env: 'b' }])),
    (next) => {
      const { sample, other, ...others } = next.sources;
      const name = random.pick(['sample', 'other']);
      next.sources = { [name]: { ...(sample ?? other), containers: random.between(4, 6) }, ...others };
    },
    (next) => toggle(next.sources, full.sources, random.pick(['files', 'units'])),
    (next) => rebuild(next.sources, random.pick(['files', 'units', 'net']), 'max_line_bytes'),
    (next) => toggle(next.sinks, full.sinks, random.pick(['some', 'loki'])),
    (next) => rebuild(next.sinks, 'some', 'max_files'),
    (next) => rebuild(next.sinks, 'loki', 'max_line_bytes'),
    (next) => {
      // Nobody listens there.
      if ('away' in next.sinks) delete next.sinks['away'];
      else next.sinks['away'] = { type: 'loki', url: 'http://127.0.0.1:1' };
    },
    (next) => {
      const webhook = { type: 'json', url: 'http://127.0.0.1:1/' };
      next.alerts = { never: { query: '|= "never"', threshold: random.between(1, 9), webhook } };
    },
    (next) => (next['journal'] = { max_age: `${random.between(2, 9)}d`, max_bytes: '1GiB' }),
    (next) => (next['log_level'] = random.pick(['debug', 'info'])),
    (next) => (next['dead_letters'] = { max_age: `${random.between(2, 9)}d` }),
  ]);
  change(next);
  return next;
}

function toggle(sections: Sections, full: Sections, name: string): void {
  if (name in sections) delete sections[name];
  else sections[name] = structuredClone(full[name]);
}

/** Where it is there: with another value of a key that changes nothing of what it does here. */
function rebuild(sections: Sections, name: string, key: string): void {
  if (name in sections) sections[name][key] = Number(sections[name][key] ?? 100_000) + 1;
}

/** A text that is wrong, and what the agent must say of it. */
function broken(random: Random, config: Config, full: Config): readonly [text: string, why: RegExp] {
  const next = changed(random, config, full);
  const loki = { type: 'loki', url: 'http://127.0.0.1:1' };
  return random.pick<() => readonly [string, RegExp]>([
    () => [`${JSON.stringify(next)}\n}: [`, /./],
    () => [JSON.stringify({ ...next, sink: {} }), /sink: unknown key, did you mean sinks\?/],
    () => [JSON.stringify({ ...next, log_level: 5 }), /log_level: must be debug or info/],
    () => [
      JSON.stringify({ ...next, sinks: { ...next.sinks, new: { ...loki, password_file: '/nowhere/x' } } }),
      /\/nowhere\/x .* does not exist/,
    ],
    () => [JSON.stringify({ ...next, labels: { env: '${NO_SUCH}' } }), /NO_SUCH is not set/],
    () => [
      JSON.stringify({ ...next, processors: [{ type: 'redcat' }] }),
      /processors\[0\]\.type: must be .*did you mean redact\?/,
    ],
    () => [JSON.stringify({ ...next, processors: { type: 'redact' } }), /processors: must be a list/],
    () => [
      JSON.stringify({ ...next, metrics: { port: 1 } }),
      /metrics \(its address is taken at the start\)/,
    ],
  ])();
}

interface Lines {
  readonly container: string;
  readonly stream: string;
  readonly number: number;
}

/** That whoever wrote it gave it. */
function numberOf(line: string): number {
  return Number(/request"?[=:](\d+)/.exec(line)?.[1]);
}

/** In the order in which the sink has them. */
function linesOf(directory: string): Lines[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name: container }) =>
      readdirSync(path.join(directory, container))
        .sort()
        .flatMap((name) =>
          readFileSync(path.join(directory, container, name), 'utf8')
            .split('\n')
            .slice(0, -1),
        )
        .map((text) => {
          const { stream, line } = JSON.parse(text) as { stream: string; line: string };
          return { container, stream, number: numberOf(line) };
        }),
    );
}

function byContainer(lines: readonly Lines[]): Record<string, number[]> {
  const numbers: Record<string, number[]> = {};
  for (const { container, number } of lines) (numbers[container] ??= []).push(number);
  for (const list of Object.values(numbers)) list.sort((a, b) => a - b);
  return numbers;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

class Reloading {
  readonly agent: Agent;
  readonly file: string;
  /** How long a reload took at most. */
  slowestMs = 0;

  constructor(agent: Agent, folder: string) {
    this.agent = agent;
    this.file = path.join(folder, 'config.yaml');
  }

  async reload(text: string): Promise<ReloadResult> {
    writeFileSync(this.file, text);
    const before = performance.now();
    const result = await reloadAndLook(this.agent);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - before);
    return result;
  }

  /** As the agent shows it. */
  async yaml(): Promise<string> {
    return (await this.agent.get<{ yaml: string }>('/api/v1/config')).yaml;
  }

  async config(): Promise<{ readonly state: string; readonly reason: string }> {
    const { components } = await this.agent.get<{
      components: Record<string, { state: string; reason: string }>;
    }>('/health');
    return components['config'];
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.agent.url}/metrics`)).text();
  }

  /** Lines of this run, read and delivered to the sink, none where it is not there. */
  async totals(sink: string): Promise<{ readonly read: number; readonly delivered: number }> {
    const text = await this.metrics();
    const sum = (rows: RegExp): number =>
      [...text.matchAll(rows)].reduce((sum, [, count]) => sum + Number(count), 0);
    return {
      read: sum(/^log_capturer_lines_read_total\{.*\} (\d+)/gm),
      delivered: sum(new RegExp(`^log_capturer_lines_delivered_total\\{sink="${sink}"\\} (\\d+)`, 'gm')),
    };
  }

  async results(): Promise<Record<string, number>> {
    const text = await this.metrics();
    const rows = text.matchAll(/config_reloads_total\{result="(\w+)"\} (\d+)/g);
    return Object.fromEntries([...rows].map(([, result, count]) => [result, Number(count)]));
  }
}

/** What scopes own and the process holds, once nothing of the moment is among it. */
async function census(
  agent: Agent,
): Promise<{ owned: Record<string, number>; unowned: Record<string, number> }> {
  return agent.get('/debug/resources?collect=true');
}

afterEach(killAgents);

test('200 reloads under load, a third of them wrong: nothing is lost, repeated or left behind', {
  timeout: 900_000,
}, async () => {
  const folder = scratch('reload');
  const { file, journal, syslog, loki, sections } = await worldIn(folder);
  const base = baseOf(folder, await freePort());
  const full: Config = {
    ...base,
    sources: { ...base.sources, ...sections.sources },
    sinks: { ...base.sinks, ...sections.sinks },
  };
  const env = { PATH: `${journal.bin}:${process.env['PATH']}` };
  const agent = await (await Agent.start({ folder, config: base, env })).ready();
  const reloading = new Reloading(agent, folder);
  const random = new Random(SEED);
  // As it will be in the end.
  await vi.waitFor(async () => {
    const { linesCommitted } = await agent.get<{ linesCommitted: number }>('/api/v1/journal');
    expect(linesCommitted).toBeGreaterThan(1000);
  }, WAIT);
  const before = await census(agent);

  expect((await reloading.reload(JSON.stringify(full))).result).toBe('applied');
  const writers = [file, journal, syslog].map((writer) => writer.start());
  const stop = async (): Promise<void> => void (await Promise.all(writers.map((writer) => writer.stop())));
  onTestFinished(stop);
  let config = full;
  let yaml = await reloading.yaml();
  let refused = 0;
  let totals = await reloading.totals('some');
  for (let i = 0; i < RELOADS; i++) {
    if (i % 3 === 2) {
      const [text, why] = broken(random, config, full);
      const { result, problems, changes } = await reloading.reload(text);
      expect([result, changes]).toEqual(['refused', []]);
      expect(problems.map(({ message }) => message).join('\n')).toMatch(why);
      expect(await reloading.yaml()).toBe(yaml);
      expect(await reloading.config()).toMatchObject({
        state: 'degraded',
        reason: expect.stringMatching(why),
      });
      refused++;
    } else {
      const next = changed(random, config, full);
      const { result, problems } = await reloading.reload(JSON.stringify(next));
      expect({ result, problems, i }).toEqual({
        result: expect.stringMatching(/applied|unchanged/),
        problems: [],
        i,
      });
      expect(await reloading.config()).toEqual(expect.objectContaining({ state: 'healthy' }));
      config = next;
      yaml = await reloading.yaml();
      const shown = await agent.get<Config>('/api/v1/config');
      expect(Object.keys(shown.sinks)).toEqual(Object.keys(config.sinks));
      expect(shown.processors.map(({ type }) => type)).toEqual(config.processors.map(({ type }) => type));
      expect(shown.labels).toEqual(config.labels);
      const now = await reloading.totals('some');
      expect(now.read).toBeGreaterThanOrEqual(totals.read);
      if ('some' in config.sinks) expect(now.delivered).toBeGreaterThanOrEqual(totals.delivered);
      totals = now;
    }
  }
  expect(await reloading.results()).toMatchObject({ refused: expect.any(Number) });
  expect((await reloading.results())['refused']).toBeGreaterThanOrEqual(refused);

  expect((await reloading.reload(JSON.stringify(full))).result).toMatch(/applied|unchanged/);
  await stop();
  const ofWriters = { app: upTo(file.written), unit: upTo(journal.written) };
  await vi.waitFor(() => {
    const { app, unit } = byContainer(linesOf(path.join(folder, 'stays')));
    expect({ app, unit }).toEqual(ofWriters);
    for (const container of ['app', 'unit'] as const)
      expect(loki.count({ container })).toBe(ofWriters[container].length);
  }, WAIT);
  expect((await reloading.reload(JSON.stringify(base))).result).toBe('applied');
  await vi.waitFor(async () => {
    const after = await census(agent);
    expect(Object.values(after.unowned).every((count) => count === 0)).toBe(true);
    expect(after.owned).toEqual(before.owned);
  }, WAIT);
  const { unaccounted } = await agent.get<{ unaccounted: Record<string, number> }>('/api/v1/ledger');
  expect(new Set(Object.values(unaccounted))).toEqual(new Set([0]));

  // Nothing new, so that what is asked of the history is all of it.
  const quiet = structuredClone(base);
  quiet.sources['sample']['lines_per_second'] = 1;
  await reloading.reload(JSON.stringify(quiet));
  const history = await fetch(`${agent.url}/api/v1/search/download?from=0&to=now&format=jsonl`);
  const journaled = (await history.text())
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { container: string; stream: string; line: string; labels: object });
  const { code } = await agent.stop();
  expect(code).toBe(0);
  expect(agent.log).not.toContain('failed:');

  const stays = linesOf(path.join(folder, 'stays'));
  const counts = byContainer(stays);
  // What a connection was told that it had taken is there; what it broke off with may be there, once.
  const { net = [], ...exact } = counts;
  expect(new Set(net).size).toBe(net.length);
  expect(syslog.taken.filter((number) => !net.includes(number))).toEqual([]);
  expect(syslog.taken.length).toBeGreaterThan(100);
  for (const [container, numbers] of Object.entries(exact))
    expect([container, numbers]).toEqual([container, upTo(numbers.length)]);
  expect(Object.keys(exact).filter((name) => name.startsWith('demo-')).length).toBeGreaterThanOrEqual(4);

  const inHistory = byContainer(
    journaled.map(({ container, stream, line }) => ({ container, stream, number: numberOf(line) })),
  );
  const labels = new Map(
    journaled.map(({ container, line, labels }) => [
      `${container} ${numberOf(line)}`,
      JSON.stringify(labels),
    ]),
  );
  expect(inHistory['net']).toEqual(net);
  for (const [container, numbers] of Object.entries(inHistory)) {
    if (container !== 'net') expect([container, numbers]).toEqual([container, upTo(numbers.length)]);
    expect(counts[container].length - numbers.length).toBeLessThan(LINES_PER_SECOND);
  }

  // In order by stream, and a stream is a set of labels.
  const last = new Map<string, number>();
  for (const { container, stream, number } of stays) {
    const of = `${container} ${stream} ${labels.get(`${container} ${number}`)}`;
    expect(number).toBeGreaterThan(last.get(of) ?? 0);
    last.set(of, number);
  }
  const some = byContainer(linesOf(path.join(folder, 'some')));
  expect(some).toEqual({ 'demo-api': counts['demo-api'], 'demo-web': counts['demo-web'] });

  // A Loki that was taken out and put in again: every line of its own once, in order by stream.
  if (reloading.slowestMs < DRAIN_MS) expect(loki.ledger.repeated).toBe(0);
  const shipped = loki.streams().flatMap(({ labels, entries }) => {
    const numbers = entries.map((entry) => numberOf(entry.line.toString()));
    expect([labels, numbers]).toEqual([labels, numbers.toSorted((a, b) => a - b)]);
    return numbers.map((number) => ({ container: labels['container'], stream: '', number }));
  });
  const { 'demo-web': web, ...others } = byContainer(shipped);
  expect(others).toEqual({ ...ofWriters, net });
  expect(web).toEqual(counts['demo-web'].slice(0, web.length));
});

describe('what asks for it', () => {
  test('a file that changes, in place or replaced, and SIGHUP', async () => {
    const folder = scratch('reload-by');
    const base = baseOf(folder, await freePort());
    const agent = await (await Agent.start({ folder, config: base })).ready();
    const reloading = new Reloading(agent, folder);
    const labelled = (env: string): string => JSON.stringify({ ...base, labels: { env } });
    const isInForce = (env: string): Promise<void> =>
      vi.waitFor(async () => {
        expect((await agent.get<Config>('/api/v1/config')).labels).toEqual({ env });
      }, WAIT);

    writeFileSync(reloading.file, labelled('in-place'));
    await isInForce('in-place');
    writeFileSync(`${reloading.file}.new`, labelled('replaced'));
    renameSync(`${reloading.file}.new`, reloading.file);
    await isInForce('replaced');

    // A disk that is full leaves this behind.
    writeFileSync(reloading.file, '');
    await agent.said(/is empty\. Where all defaults are meant, ask for it/);
    expect((await agent.get<Config>('/api/v1/config')).labels).toEqual({ env: 'replaced' });

    writeFileSync(reloading.file, labelled('signal'));
    agent.signal('SIGHUP');
    await agent.said(/"cause":"SIGHUP".*labels changed/);
    await isInForce('signal');
    expect((await agent.stop()).code).toBe(0);
  });
});
