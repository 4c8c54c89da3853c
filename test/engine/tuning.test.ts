/**
 * Containers that ask for their own treatment by labels, all of them writing the same lines: what each sink has of each is what
 * its labels say, and nobody else's lines are treated otherwise. What is wrong is said once and ignored.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../support/agent.js';
import { describeWithEngine, fileSinkConfig } from '../support/engine-test.js';
import { type LokiReceiver, startLoki } from '../support/loki/receiver.js';
import { scratch } from '../support/scratch.js';

const WAIT = { timeout: 30_000, interval: 50 };

const TRACE = ['Exception in thread "main" java.io.IOException: closed', '\tat a.B.read(B.java:7)'];
const JSON_LINE = '{"msg":"hello","user":"ann"}';
const CARD = 'paid with 4111111111111111';
const ADDRESS = 'from 192.0.2.17';
const LINES = ['begin', ...TRACE, JSON_LINE, CARD, ADDRESS, 'end'];
const MASKED_CARD = 'paid with [REDACTED:credit_card]';

/** What is configured for all: secrets are masked, and nothing else. */
const PLAIN = ['begin', ...TRACE, JSON_LINE, MASKED_CARD, ADDRESS, 'end'];
const JOINED = ['begin', TRACE.join('\n'), JSON_LINE, MASKED_CARD, ADDRESS, 'end'];

const PARSED = { msg: 'hello', user: 'ann' };
const UNPARSED = { processing_error: 'parse-tuned: json' };

interface Case {
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: readonly string[];
  /** Lines are parsed as JSON. */
  readonly isParsed?: true;
  /** All, where nothing is said. */
  readonly sinks?: readonly ('local' | 'other' | 'loki')[];
  readonly tenant?: string;
}

const asking = (wishes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(wishes).map(([name, value]) => [`log-capturer.${name}`, value]));

const WRONG = {
  multiline: '(',
  parse: 'nonsense',
  redact: 'nonsense',
  'labels.a-b': 'x',
  sink: 'nowhere',
  tenant: 'a/b',
};

const CASES: Readonly<Record<string, Case>> = {
  plain: { labels: {}, lines: PLAIN },
  joined: { labels: asking({ multiline: 'java' }), lines: JOINED },
  // The pattern of lines that begin an event.
  own: {
    labels: asking({ multiline: '^(begin|from)' }),
    lines: [['begin', ...TRACE, JSON_LINE, MASKED_CARD].join('\n'), `${ADDRESS}\nend`],
  },
  parsed: { labels: asking({ parse: 'json' }), lines: PLAIN, isParsed: true },
  open: { labels: asking({ redact: 'false' }), lines: LINES },
  addresses: {
    labels: asking({ redact: 'default, ip' }),
    lines: PLAIN.map((line) => (line === ADDRESS ? 'from [REDACTED:ip]' : line)),
  },
  several: {
    labels: asking({ multiline: 'java', parse: 'json', redact: 'ip', 'labels.team': 'blue', sink: 'loki' }),
    lines: JOINED.map((line) =>
      line === ADDRESS ? 'from [REDACTED:ip]' : line === MASKED_CARD ? CARD : line,
    ),
    isParsed: true,
    sinks: ['loki'],
  },
  files: { labels: asking({ sink: 'local,other' }), lines: PLAIN, sinks: ['local', 'other'] },
  tenant: { labels: asking({ tenant: 'blue', sink: 'loki' }), lines: PLAIN, sinks: ['loki'], tenant: 'blue' },
  silent: { labels: asking({ enabled: 'false' }), lines: [] },
  wrong: { labels: asking(WRONG), lines: PLAIN },
};

interface Shown {
  readonly line: string;
  readonly fields?: Readonly<Record<string, string>>;
}

function ofFiles(output: string, container: string): Shown[] {
  const folder = path.join(output, container);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n'))
    .filter((record) => record !== '')
    .map((record) => {
      const { line, fields } = JSON.parse(record) as Shown;
      return { line, ...(fields && { fields }) };
    });
}

function ofLoki(loki: LokiReceiver, container: string, tenant: string): Shown[] {
  return loki
    .streams({ container })
    .filter((stream) => stream.tenant === tenant)
    .flatMap(({ entries }) => entries)
    .map(({ line, metadata }) => ({
      line: line.toString(),
      ...(metadata.length > 0 && { fields: Object.fromEntries(metadata) }),
    }));
}

function expectedOf({ lines, isParsed, sinks = ['local', 'other', 'loki'], tenant = 'all' }: Case): object {
  const all = lines.map((line) => ({
    line,
    ...(isParsed && { fields: line === JSON_LINE ? PARSED : UNPARSED }),
  }));
  const where = (sink: 'local' | 'other' | 'loki', own = true) => (own && sinks.includes(sink) ? all : []);
  return {
    local: where('local'),
    other: where('other'),
    all: where('loki', tenant === 'all'),
    blue: where('loki', tenant === 'blue'),
  };
}

describeWithEngine('labels by which containers tune their own lines', (bed) => {
  it('do what they say in every sink, and again otherwise when the container is made anew', async () => {
    const folder = scratch('tuning');
    const loki = await startLoki({ multiTenant: true });
    onTestFinished(() => loki.close());
    const files = (name: string): string => path.join(folder, name);
    const local = fileSinkConfig(bed.facts, ['tuned-*'], files('local'), { format: 'json', compress: false });
    const sinks = {
      ...local['sinks'],
      other: { type: 'file', directory: files('other'), format: 'json', compress: false },
      loki: { type: 'loki', url: loki.url, tenant: 'all' },
    };
    const config = { ...local, sinks, processors: [{ type: 'redact' }] };
    const agent = await (await Agent.start({ folder, config })).ready();

    const run = async (name: string, { labels }: Case): Promise<string> => {
      const command = ['/bin/sh', '-c', `printf '%s\\n' "$@"`, 'sh', ...LINES];
      const id = await bed.api.create({ name: `tuned-${name}`, image: bed.facts.image, command, labels });
      await bed.api.start(id);
      expect(await bed.api.wait(id)).toBe(0);
      return id;
    };
    const shown = (name: string): object => {
      const container = `tuned-${name}`;
      return {
        local: ofFiles(files('local'), container),
        other: ofFiles(files('other'), container),
        all: ofLoki(loki, container, 'all'),
        blue: ofLoki(loki, container, 'blue'),
      };
    };
    const ids = new Map(
      await Promise.all(
        Object.entries(CASES).map(async ([name, one]) => [name, await run(name, one)] as const),
      ),
    );
    for (const [name, one] of Object.entries(CASES))
      await vi.waitFor(() => expect([name, shown(name)]).toEqual([name, expectedOf(one)]), WAIT);
    for (const { labels } of loki.streams({ container: 'tuned-several' }))
      expect(labels['team']).toBe('blue');
    expect(
      loki.streams().filter(({ labels }) => Object.keys(labels).some((name) => name.startsWith('__'))),
    ).toEqual([]);

    // Whatever sinks get, the history has it: but not what is not captured.
    const download = await fetch(`${agent.url}/api/v1/search/download?from=0&to=now&format=jsonl`);
    const history = (await download.text()).split('\n').slice(0, -1);
    const containers = new Set(history.map((text) => (JSON.parse(text) as { container: string }).container));
    const captured = Object.keys(CASES).filter((name) => name !== 'silent');
    expect([...containers].sort()).toEqual(captured.map((name) => `tuned-${name}`).sort());

    // Made anew with other labels under the same name; who is wrong in the same way again is told of no second time.
    await Promise.all(['joined', 'wrong'].map((name) => bed.api.remove(ids.get(name) ?? '')));
    const changed: Case = {
      labels: asking({ multiline: 'false', redact: 'ip', 'labels.team': 'red' }),
      lines: LINES.map((line) => (line === ADDRESS ? 'from [REDACTED:ip]' : line)),
    };
    await Promise.all([run('joined', changed), run('wrong', CASES['wrong'])]);
    const twice = { ...CASES['wrong'], lines: [...PLAIN, ...PLAIN] };
    await vi.waitFor(() => {
      expect(shown('joined')).toEqual(
        expectedOf({ labels: {}, lines: [...CASES['joined'].lines, ...changed.lines] }),
      );
      expect(shown('wrong')).toEqual(expectedOf(twice));
    }, WAIT);
    expect(
      loki.streams({ container: 'tuned-joined', team: 'red' }).flatMap(({ entries }) => entries),
    ).toHaveLength(changed.lines.length);

    const { code } = await agent.stop();
    expect(code, agent.log).toBe(0);
    const said = agent.log.split('\n').filter((line) => line.includes('is ignored'));
    const labelsSaid = said.map((line) => JSON.parse(line) as { container: string; label: string });
    expect(labelsSaid.map(({ container, label }) => `${container} ${label}`).sort()).toEqual(
      Object.keys(asking(WRONG))
        .map((label) => `tuned-wrong ${label}`)
        .sort(),
    );
  });
});
