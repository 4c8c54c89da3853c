/** The converter over anything at all, and over every configuration that can be put together of what it knows. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDocument, stringify, visit } from 'yaml';
import { loadConfig } from '../../config/load.js';
import { AgentError } from '../../runtime/errors.js';
import { matchesGlob } from '../../runtime/glob.js';
import { globsOf } from './patterns.js';
import { convertPromtail } from './promtail.js';

const FOLDER = path.join(import.meta.dirname, 'fixtures');

test('any YAML is converted or refused, and what comes out is YAML', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .object({
        key: fc.constantFrom('clients', 'scrape_configs', 'pipeline_stages', 'url', 'match', '<<', 'a'),
      })
      .map((value) => stringify(value)),
  );
  fc.assert(
    fc.property(text, (text) => {
      try {
        const { yaml } = convertPromtail(text, 'any\n.yml');
        expect(parseDocument(yaml).errors).toEqual([]);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        expect(error.code).toBe('CONFIG_INVALID');
      }
    }),
    { numRuns: 40 },
  );
});

const name = fc.constantFrom('level', 'msg', 'time', 'user_id', 'a', 'job');
const names = fc.dictionary(name, fc.oneof(fc.constant(''), name), { noNullPrototype: true });
const pattern = fc.constantFrom(
  '',
  'GET /',
  '^(?P<level>\\w+) (?P<msg>.*)$',
  '(?P<a>\\d',
  '(x)',
  '(x)y',
  '\\p{L}',
  '.*${1}',
);
const selector = fc.constantFrom('{job="a"}', '{level=~"e.*"} |= "x"', '{} | json', '', 'x', '{job="a"');
const leafStage: fc.Arbitrary<object> = fc.oneof(
  fc.record({ json: fc.record({ expressions: names }) }),
  fc.record({ logfmt: fc.record({ mapping: names }) }),
  fc.record({ regex: fc.record({ expression: pattern }) }),
  fc.record({ labels: names }),
  fc.record({ static_labels: names }),
  fc.record({ structured_metadata: names }),
  fc.record({ labeldrop: fc.array(name) }),
  fc.record({ output: fc.record({ source: name }) }),
  fc.record({
    timestamp: fc.record({
      source: name,
      format: fc.constantFrom('RFC3339', 'Unix', '15:04', '2006-01-02', '002', '%'),
    }),
  }),
  fc.record({
    drop: fc.record(
      { source: name, value: name, expression: pattern, older_than: fc.constant('1h') },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    replace: fc.record({ expression: pattern, replace: fc.constantFrom('', 'x', '{{ .Value }}') }),
  }),
  fc.record({
    multiline: fc.record({
      firstline: pattern,
      max_wait_time: fc.constantFrom('3s', '1m30s', 'x'),
      max_lines: fc.nat(),
    }),
  }),
  fc.record({ tenant: fc.record({ source: name, value: name, label: name }, { requiredKeys: [] }) }),
  fc.record({ limit: fc.record({ rate: fc.integer(), burst: fc.integer(), drop: fc.boolean() }) }),
  fc.record({ sampling: fc.record({ rate: fc.double() }) }),
  fc.record({
    metrics: fc.dictionary(
      fc.constantFrom('lines', 'bytes_total', '1st', 'ä'),
      fc.record({
        type: fc.constantFrom('Counter', 'Histogram', 'Gauge'),
        source: name,
        config: fc.record(
          { match_all: fc.boolean(), action: fc.constantFrom('inc', 'add'), value: name },
          { requiredKeys: [] },
        ),
      }),
    ),
  }),
  fc.constantFrom({ docker: {} }, { cri: null }, { pack: {} }, { unheard_of: 1 }),
);
const { stage } = fc.letrec<{ stage: object }>((tie) => ({
  stage: fc.oneof(
    { depthSize: 'small' },
    leafStage,
    fc.record({
      match: fc.record(
        {
          selector,
          action: fc.constantFrom('keep', 'drop'),
          stages: fc.array(tie('stage'), { maxLength: 3 }),
        },
        { requiredKeys: ['selector'] },
      ),
    }),
  ),
}));
const rule = fc.record(
  {
    source_labels: fc.array(
      fc.constantFrom(
        '__meta_docker_container_name',
        '__meta_docker_container_label_a_b',
        '__journal__transport',
        '__syslog_message_severity',
        '__meta_kubernetes_namespace',
        '__x',
      ),
      { maxLength: 2 },
    ),
    target_label: fc.constantFrom('container', 'x', '__path__', '__tenant_id__', '1'),
    regex: fc.constantFrom('(.*)', '/(.*)', 'a|b', 'web-.+', '(a)(b)'),
    action: fc.constantFrom('replace', 'keep', 'drop', 'labeldrop', 'labelmap'),
    replacement: fc.constantFrom('$1', '${1}', 'fixed', '$1-$2'),
  },
  { requiredKeys: [] },
);
const kind = fc.oneof(
  fc.record({
    static_configs: fc.array(
      fc.record({
        labels: fc.record({ job: name, __path__: fc.constantFrom('/var/log/*.log', 'x', '/a/[b]') }),
      }),
      { maxLength: 2 },
    ),
  }),
  fc.constant({
    docker_sd_configs: [
      { host: 'unix:///var/run/docker.sock', filters: [{ name: 'name', values: ['web'] }] },
    ],
  }),
  fc.constant({ kubernetes_sd_configs: [{ role: 'pod' }] }),
  fc.constant({ journal: { labels: { job: 'journal' } } }),
  fc.constant({ syslog: { listen_address: ':1514' } }),
  fc.constant({ gelf: {} }),
);
const scrape = fc
  .tuple(
    kind,
    fc.record({
      job_name: name,
      pipeline_stages: fc.array(stage, { maxLength: 5 }),
      relabel_configs: fc.array(rule, { maxLength: 3 }),
    }),
  )
  .map(([kind, rest]) => ({ ...rest, ...kind }));

test('whatever is put together of what it knows passes the check', () => {
  fc.assert(
    fc.property(fc.array(scrape, { minLength: 1, maxLength: 3 }), (scrape_configs) => {
      const text = stringify({ clients: [{ url: 'http://loki:3100/loki/api/v1/push' }], scrape_configs });
      const { yaml } = convertPromtail(text, 'config.yml');
      const { config } = loadConfig({ text: yaml, env: {}, cwd: FOLDER });
      // Containers of this host are what there is without any source: nobody asked for them.
      const isAsked = scrape_configs.some((scrape) => 'docker_sd_configs' in scrape);
      const isDocker = Object.values(config.sources).some(
        (source) => source.type === 'docker' && !source.exclude?.names?.includes('*'),
      );
      expect(isDocker && !isAsked).toBe(false);
    }),
    { numRuns: 40 },
  );
});

test('a key that nobody knows is told wherever it stands', () => {
  for (const name of ['docker', 'journal', 'several-clients', 'syslog']) {
    const text = readFileSync(path.join(FOLDER, `${name}.promtail.yaml`), 'utf8');
    const told = convertPromtail(text, 'c').notes.length;
    let count = 0;
    visit(parseDocument(text), { Map: () => void count++ });
    for (let which = 0; which < count; which++) {
      const document = parseDocument(text);
      let at = 0;
      let changed = '';
      visit(document, {
        Map(_key, map) {
          if (at++ !== which) return;
          map.set('zz_unheard_of', { of: 'it' });
          changed = String(map);
        },
      });
      const { notes } = convertPromtail(String(document), 'c');
      // Where a part is told as a whole, what is in it is told with that.
      const isWhole =
        /^(?:min_period|\{"min_period|\{"sync_period|sync_period|readline|\{"X-Shard|\{"readline)/.test(
          changed,
        );
      expect(notes.length > told || isWhole, `${name}: ${changed}`).toBe(true);
    }
  }
});

test('globs mean what the pattern means', () => {
  const part = fc
    .array(fc.constantFrom('a', 'web', '-', '\\.', '.*', '.'), { minLength: 1, maxLength: 4 })
    .map((all) => all.join(''));
  const patterns = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|'));
  const value = fc
    .array(fc.constantFrom('a', 'web', '-', '.', 'x'), { maxLength: 5 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(patterns, fc.constantFrom('', '^', '/', '/?'), value, (pattern, before, value) => {
      const alone = !pattern.includes('|');
      const given = alone ? `${before}${pattern}` : `${before === '^' ? '' : before}(${pattern})`;
      const isMeant = new RegExp(`^(?:${given.replace('^', '')})$`, 's').test(
        before === '/' ? `/${value}` : value,
      );
      expect(globsOf(given)?.some((glob) => matchesGlob(glob, value)) ?? false).toBe(isMeant);
    }),
    { numRuns: 500 },
  );
});

test('patterns that are no globs are none', () => {
  for (const pattern of ['a{2}', '[ab]', '(a)(b)', 'a+', 'a?b', '\\d', '', 'a|', '(a|b'])
    expect(globsOf(pattern), pattern).toBeUndefined();
});
