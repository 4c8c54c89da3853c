/**
 * deploy/prometheus and deploy/grafana by a real Prometheus, of Debian, and promtool: the rules are as their own cases say;
 * agents that come to have one thing wrong each make exactly the alert for it fire; and no query of a dashboard or of
 * docs/queries.md shows nothing.
 *
 * The rules that are loaded are those of the file with every duration divided by 60 (hurried): minutes are seconds. Marks that
 * are numbers stay what they are.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { CATCH_UP_LABEL } from '../../src/pipeline/streams.js';
import { killAgents } from '../support/agent.js';
import {
  dashboard,
  documentQueries,
  filledIn,
  metricsIn,
  panelQueries,
  type Query,
  withoutZeros,
} from '../support/dashboards.js';
import { Exposition } from '../support/exposition.js';
import { CASES, Monitored } from '../support/monitored.js';
import { projectRoot } from '../support/project.js';
import { Prometheus, prometheusPrograms, whyNoPrometheus } from '../support/prometheus.js';

interface Rule {
  readonly alert?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[];
}

const PROMETHEUS = path.join(projectRoot(), 'deploy/prometheus');
const RULES = path.join(PROMETHEUS, 'rules.yml');
const HURRY = 60;
const EVERY_MS = 1_000;
const PATIENCE = { timeout: 90_000, interval: 200 };
const QUERY_PATIENCE = { timeout: 20_000, interval: 200 };
const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 };

// A skip where CI is set is a failure, and says why.
const why = process.env['CI'] ? undefined : whyNoPrometheus();
if (why !== undefined) console.warn(`Skipped: the rules and dashboards need Prometheus, and ${why}.`);

const folder = mkdtempSync(path.join(tmpdir(), 'lct-monitoring-'));
const alerts = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups
  .flatMap(({ rules }) => rules)
  .filter(({ alert }) => alert !== undefined);
let programs: string;

beforeAll(() => {
  if (why === undefined) programs = prometheusPrograms(path.join(folder, 'packages'));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }), 60_000);

describe('each alert', () => {
  const sections = readFileSync(path.join(projectRoot(), 'docs/runbook.md'), 'utf8').split(/^## /m).slice(1);
  const names = alerts.map(({ alert = '' }) => alert);

  test('has a severity, and says what happened, what it means and where to look', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { alert = '', labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info']).toContain(labels?.severity);
      expect(annotations).toEqual({
        summary: expect.stringMatching(/\.$/),
        description: expect.stringMatching(/\.$/),
        runbook_url: `docs/runbook.md#${alert.toLowerCase()}`,
      });
    }
  });

  test('has a section in the runbook, and no other has', () => {
    expect(
      sections.map((section) => section.split('\n')[0]).filter((title) => title.startsWith('LogCapturer')),
    ).toEqual(names);
    for (const section of sections.filter((text) => text.startsWith('LogCapturer')))
      expect(section).toMatch(/\*\*Means\*\*.*\*\*Look\*\*.*\*\*Do\*\*/s);
  });

  test('has a firing and a quiet case', () => {
    const { tests } = parse(readFileSync(path.join(PROMETHEUS, 'rules.test.yml'), 'utf8')) as {
      tests: RuleTest[];
    };
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    const of = (isFiring: boolean): string[] =>
      cases.flatMap(({ alertname, exp_alerts }) => (exp_alerts.length > 0 === isFiring ? alertname : []));
    expect(of(true)).toEqual(names);
    expect(of(false)).toEqual(names);
  });
});

describe.skipIf(why !== undefined)('promtool', () => {
  const promtool = (...args: string[]): string => {
    const run = spawnSync(path.join(programs, 'promtool'), args, { cwd: PROMETHEUS, encoding: 'utf8' });
    return run.status === 0 ? '' : `${run.error?.message ?? ''}${run.stdout}${run.stderr}`;
  };

  test('takes rules and configuration, and the rules do as rules.test.yml says', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toBe('');
    expect(promtool('test', 'rules', 'rules.test.yml')).toBe('');
  });
});

describe.skipIf(why !== undefined)('agents and their Prometheus', () => {
  const names = Object.keys(CASES);
  const agents = new Map<string, Monitored>();
  let prometheus: Prometheus;

  const firing = async (state: 'firing' | 'pending', window = ''): Promise<Record<string, string[]>> => {
    const series = `ALERTS{alertstate="${state}"}${window}`;
    const samples = await prometheus.query(window === '' ? series : `max_over_time(${series})`);
    return Object.fromEntries(
      names.map((name) => [
        name,
        samples
          .flatMap(({ labels }) => (labels['instance'] === name ? labels['alertname'] : []))
          .filter((alert, i, all) => all.indexOf(alert) === i)
          .toSorted(),
      ]),
    );
  };
  const nothing = Object.fromEntries(names.map((name) => [name, []]));
  const expected = Object.fromEntries(names.map((name) => [name, CASES[name].alerts]));

  beforeAll(async () => {
    const started = await Monitored.startAll(path.join(folder, 'agents'));
    for (const agent of started) agents.set(agent.name, agent);
    const rules = path.join(folder, 'rules.yml');
    writeFileSync(rules, hurried(readFileSync(RULES, 'utf8')));
    prometheus = await Prometheus.start(programs, path.join(folder, 'prometheus'), {
      targets: Object.fromEntries(started.map(({ name, target }) => [name, target])),
      everyMs: EVERY_MS,
      rules,
    });
  }, 120_000);

  afterAll(async () => {
    await killAgents();
    await prometheus?.stop();
    await Promise.all([...agents.values()].map((agent) => agent.close()));
  });

  test('each failure makes the alert for it fire, and no other ever', { timeout: 180_000 }, async () => {
    await vi.waitFor(async () => {
      expect(await prometheus.value('count(instance:log_capturer_resources:sum)')).toBe(names.length);
    }, PATIENCE);
    expect([await firing('pending', '[10m]'), await firing('firing', '[10m]')]).toEqual([nothing, nothing]);

    await Promise.all([...agents.values()].map((agent) => agent.fail()));
    await vi.waitFor(async () => {
      expect(await firing('firing', '[10m]')).toEqual(expected);
      // What is pending may still fire, and would be one too many.
      expect(await firing('pending')).toEqual(nothing);
    }, PATIENCE);
    expect(await firing('firing', '[10m]')).toEqual(expected);
  });

  const shown = dashboard('log-capturer.json');
  const asked = [...panelQueries(shown), ...documentQueries('docs/queries.md', 'promql')];
  const variables = { job: 'log-capturer', __rate_interval: '5m', __range: '5m' };

  test.each(asked)('something is shown by $where', async ({ where, text }: Query) => {
    // After a scrape that took too long nothing is shown until the next one.
    const isShown = (query: string, instance: string): Promise<void> =>
      vi.waitFor(async () => {
        const samples = await prometheus.query(filledIn(query, { ...variables, instance }));
        expect(
          samples.filter(({ value }) => Number.isFinite(value)).length,
          `${where}: ${query}`,
        ).toBeGreaterThan(0);
      }, QUERY_PATIENCE);
    await isShown(text, 'well');
    // Where there is something to be shown of what is seldom there, it is.
    await isShown(withoutZeros(text), '.+');
  });

  test('no query asks for a metric that no agent has', async () => {
    const families = new Exposition((await agents.get('well')?.exposition()) ?? '').families;
    const records = [...readFileSync(RULES, 'utf8').matchAll(/record: \S+?:(\S+?):/g)].map(
      ([, name]) => name,
    );
    const known = new Set([...families.keys(), ...records]);
    const all = [...asked.map(({ text }) => text), readFileSync(RULES, 'utf8')].flatMap(metricsIn);
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter((name) => !known.has(name))).toEqual([]);
  });

  test("the dashboard's variables have the agents", async () => {
    const queries = shown.templating.list.flatMap(({ type, definition = '' }) =>
      type === 'query' ? definition : [],
    );
    const values = queries.map((definition) => {
      const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
      return prometheus.labelValues(label, filledIn(selector, variables));
    });
    expect(await Promise.all(values)).toEqual([['log-capturer'], names.toSorted()]);
  });

  test('what queries of Loki select by are labels that its streams have', () => {
    const names = [...agents.values()].flatMap((agent) => agent.labels.flatMap(Object.keys));
    const known = new Set([...names, CATCH_UP_LABEL]);
    const selectors = [
      ...panelQueries(dashboard('lines.json')),
      ...documentQueries('docs/queries.md', 'logql'),
    ].flatMap(({ text }) => [...text.matchAll(/\{([^}]+)\}/g)].map(([, selector]) => selector));
    expect(selectors.length).toBeGreaterThan(3);
    const asked = selectors.flatMap((selector) =>
      [...selector.matchAll(/(\w+)\s*!?=/g)].map(([, label]) => label),
    );
    expect(asked.filter((label) => !known.has(label))).toEqual([]);
  });
});

/** Every duration of the rules divided: of `for`, ranges and offsets. */
function hurried(rules: string): string {
  return rules.replace(
    /(\bfor: |\[|\boffset )(\d+)([smhd])\b/g,
    (_, before: string, number: string, unit: keyof typeof SECONDS) => {
      const ms = Math.round((Number(number) * SECONDS[unit] * 1_000) / HURRY);
      return `${before}${ms}ms`;
    },
  );
}
