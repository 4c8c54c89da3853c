/** The parts of the stack in deploy/compose.yaml find each other, and its dashboards are what Grafana can show. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboard } from '../support/dashboards.js';
import { projectRoot } from '../support/project.js';

interface Stack {
  readonly services: Readonly<Record<string, { readonly volumes?: readonly string[] }>>;
}

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }[];
}

interface Datasources {
  readonly datasources: readonly { readonly url: string }[];
}

interface Dashboards {
  readonly providers: readonly { readonly options: { readonly path: string } }[];
}

const DEPLOY = path.join(projectRoot(), 'deploy');
const COLUMNS = 24;

const textOf = (file: string): string => readFileSync(path.join(DEPLOY, file), 'utf8');
const read = (file: string): unknown => parse(textOf(file), { merge: true });
const { services } = read('compose.yaml') as Stack;

/** Where a file or folder of this project is in a service's container. */
function mounted(service: string, file: string): string {
  const found = services[service].volumes?.find((volume) => volume.startsWith(`${file}:`));
  if (found === undefined) throw new Error(`${service} does not have ${file}.`);
  return found.split(':')[1];
}

test('Prometheus has its rules, and scrapes what is there', () => {
  const { rule_files, scrape_configs } = read('prometheus/prometheus.yml') as PrometheusConfig;
  const folder = path.dirname(mounted('prometheus', './prometheus/prometheus.yml'));
  const rules = rule_files.map((file) => path.join(folder, file));
  expect(rules).toEqual([mounted('prometheus', './prometheus/rules.yml')]);
  const targets = scrape_configs.flatMap((job) => job.static_configs.flatMap((each) => each.targets));
  // The agents of both profiles go by this name.
  expect(targets).toEqual(['log-capturer:8001', 'loki:3100']);
  expect(textOf('compose.yaml')).toContain('aliases: [log-capturer]');
});

test('Grafana has its data sources and dashboards', () => {
  const { datasources } = read('grafana/provisioning/datasources/log-capturer.yaml') as Datasources;
  expect(datasources.map(({ url }) => new URL(url).hostname)).toEqual(['loki', 'prometheus']);
  expect(Object.keys(services)).toEqual(expect.arrayContaining(['loki', 'prometheus']));
  const { providers } = read('grafana/provisioning/dashboards/log-capturer.yaml') as Dashboards;
  expect(providers.map(({ options }) => options.path)).toEqual([mounted('grafana', './grafana/dashboards')]);
  expect(mounted('grafana', './grafana/provisioning')).toBe('/etc/grafana/provisioning');
});

test.each(['log-capturer.json', 'lines.json'])(
  '%s has panels beside each other, and variables for them',
  (name) => {
    const { panels, templating } = dashboard(name);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(title).not.toBe('');
      expect(x + w).toBeLessThanOrEqual(COLUMNS);
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    const given = new Set(templating.list.map((variable) => variable.name));
    const asked = [...JSON.stringify(panels).matchAll(/\$\{?([a-z]\w*)/g)].map(([, variable]) => variable);
    expect(asked.filter((variable) => !given.has(variable))).toEqual([]);
  },
);
