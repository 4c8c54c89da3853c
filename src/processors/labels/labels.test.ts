import { beforeEach, describe, expect, test } from 'vitest';
import type { LabelsProcessorConfig } from '../../config/processor-types.js';
import { Batch } from '../../pipeline/batch.js';
import { Draft } from '../../pipeline/draft.js';
import { type Labels, labelText, StreamTable } from '../../pipeline/streams.js';
import { entryOf, type InLine, StageKit } from '../../pipeline/testing/stage-kit.js';
import { silentLogger } from '../../runtime/log.js';
import { DB, inAnySplit, linesOf, WEB, WEB_ERR } from '../testing/any-split.js';
import { createLabelsProcessor } from './index.js';

let warned: object[] = [];
beforeEach(() => {
  warned = [];
});
const log = {
  ...silentLogger,
  warn: (fields: object, message: string) => warned.push({ ...fields, message }),
};

type Config = Partial<Omit<LabelsProcessorConfig, 'type'>>;
const labels = (config: Config) =>
  createLabelsProcessor(
    'labels',
    { type: 'labels', drop: [], rename: {}, add: {}, fromFields: {}, maxValues: 100, ...config },
    { log },
  );
const field = (name: string, value: string, of: Labels = WEB): InLine => ({
  text: 'x',
  labels: of,
  fields: [[name, value]],
});

describe('labels', () => {
  const SHOP = { container: 'web', stream: 'stdout', compose_project: 'shop', compose_service: 'api' };
  test.each<[Config, Labels]>([
    [{}, SHOP],
    [{ add: { team: 'a' } }, { ...SHOP, team: 'a' }],
    [{ add: { container: 'x' } }, { ...SHOP, container: 'x' }],
    [{ drop: ['compose_project', 'none'] }, { container: 'web', stream: 'stdout', compose_service: 'api' }],
    [
      { rename: { compose_service: 'app', none: 'b' } },
      { container: 'web', stream: 'stdout', compose_project: 'shop', app: 'api' },
    ],
    [
      { rename: { container: 'stream', stream: 'container' } },
      { ...SHOP, container: 'stdout', stream: 'web' },
    ],
    [
      { rename: { compose_service: 'container' } },
      { container: 'api', stream: 'stdout', compose_project: 'shop' },
    ],
    [
      { rename: { compose_service: 'app' }, drop: ['compose_service'] },
      { container: 'web', stream: 'stdout', compose_project: 'shop' },
    ],
    [
      { rename: { compose_service: 'app' }, add: { app: 'b' } },
      { container: 'web', stream: 'stdout', compose_project: 'shop', app: 'b' },
    ],
    [{ drop: Object.keys(SHOP), add: { job: 'j' } }, { job: 'j' }],
    // A stream has at least one label.
    [{ drop: Object.keys(SHOP) }, SHOP],
  ])('%j', (config, expected) => {
    const kit = new StageKit(() => [labels(config)]).push([
      { text: 'x', labels: SHOP, fields: [['k', 'v']], nanos: 7 },
    ]);
    expect(kit.out).toEqual([
      { ...kit.out[0], stream: labelText(expected), text: 'x', nanos: 7, fields: { k: 'v' } },
    ]);
  });

  test('a field becomes a label, and is no field any more; lines without it, or with an empty one, get none', () => {
    const kit = new StageKit(() => [labels({ fromFields: { tenant: 'tenant_id', app: 'svc' } })]);
    kit.push([
      {
        text: 'x',
        fields: [
          ['a', '1'],
          ['tenant_id', 't1'],
          ['svc', 's'],
          ['b', '2'],
        ],
      },
      { text: 'x', fields: [['svc', 's']] },
      {
        text: 'x',
        fields: [
          ['tenant_id', ''],
          ['a', '1'],
        ],
      },
      { text: 'x' },
      { text: 'x', fields: [['tenant_id', 'ü "q"\n']] },
      { text: 'x', labels: DB, fields: [['tenant_id', 't1']] },
      { text: 'x', fields: [['tenant_id', 'y'.repeat(1025)]] },
    ]);
    expect(kit.out.map(({ stream, fields }) => [stream, fields])).toEqual([
      [labelText({ ...WEB, tenant: 't1', app: 's' }), { a: '1', b: '2' }],
      [labelText({ ...WEB, app: 's' }), {}],
      [labelText(WEB), { tenant_id: '', a: '1' }],
      [labelText(WEB), {}],
      [labelText({ ...WEB, tenant: 'ü "q"\n' }), {}],
      [labelText({ ...DB, tenant: 't1' }), {}],
      [labelText(WEB), { tenant_id: 'y'.repeat(1025) }],
    ]);
  });

  test('values that could be taken for one another are kept apart', () => {
    const kit = new StageKit(() => [labels({ fromFields: { a: 'a', b: 'b' } })]);
    kit.push([
      {
        text: '1',
        fields: [
          ['a', '1:x'],
          ['b', 'y'],
        ],
      },
      {
        text: '2',
        fields: [
          ['a', '1'],
          ['b', ':x1:y'],
        ],
      },
      {
        text: '2b',
        fields: [
          ['a', '1'],
          ['b', 'x:y'],
        ],
      },
      { text: '3', fields: [['a', 'x']] },
      { text: '4', fields: [['b', 'x']] },
    ]);
    expect(new Set(kit.out.map(({ stream }) => stream)).size).toBe(5);
  });

  test('beyond so many values of a source further ones stay fields, which is told once and counted', () => {
    const processor = labels({ fromFields: { user: 'user_id' }, maxValues: 3 });
    const kit = new StageKit(() => [processor]);
    for (const value of ['1', '2', '3', '4', '1', '5', '4', '3'])
      kit.push([field('user_id', value, value === '5' ? DB : WEB)]);
    const own = (user: string) => [labelText({ ...WEB, user }), {}];
    expect(kit.out.map(({ stream, fields }) => [stream, fields])).toEqual([
      own('1'),
      own('2'),
      own('3'),
      [labelText(WEB), { user_id: '4' }],
      own('1'),
      [labelText(DB), { user_id: '5' }],
      [labelText(WEB), { user_id: '4' }],
      own('3'),
    ]);
    expect(processor.figures.done).toEqual(new Map([['over_max_values', 3]]));
    expect(warned).toEqual([
      {
        processor: 'labels',
        label: 'user',
        field: 'user_id',
        stream: labelText(WEB),
        message: expect.stringContaining('more than 3 values'),
      },
    ]);
    // Another source has values of its own.
    expect(new StageKit(() => [processor]).push([field('user_id', '4')]).out[0].stream).toBe(
      labelText({ ...WEB, user: '4' }),
    );
  });

  test('streams that are not selected stay what they are', () => {
    const kit = new StageKit(() => [entryOf(labels({ add: { a: 'b' } }), '{container="web"}')]);
    kit.push([{ text: 'x' }, { text: 'x', labels: DB }]);
    expect(kit.out.map(({ stream }) => stream)).toEqual([labelText({ ...WEB, a: 'b' }), labelText(DB)]);
  });

  test('any split of the lines gives the same', () => {
    inAnySplit(
      () => labels({ rename: { container: 'app' }, drop: ['stream'] }),
      linesOf(['a', 'b']),
      ({ out }, lines) => {
        expect(out.map(({ stream, text }) => [stream, text])).toEqual(
          lines.map(({ labels: of, text }) => [labelText({ app: of?.['container'] ?? '' }), text]),
        );
      },
    );
  });

  test('streams are held as long as the stage is there, and let go of with those that they were made of', () => {
    const streams = new StreamTable();
    const stage = labels({ fromFields: { n: 'n' }, add: { a: 'b' } }).begin({
      selects: () => true,
      streams,
      now: () => 0,
    });
    const pass = (of: Labels, value: string): string => {
      const base = streams.acquire(of, { parse: 'json' });
      const batch = new Batch(Buffer.from('x'), 1);
      batch.add(0, 1, base.id, 1, 2, 0);
      const draft = new Draft();
      draft.load(batch);
      draft.fields().addText(0, Buffer.from('\n\x01n'), value);
      stage.process(draft, { generated() {}, filtered() {}, merged() {}, held() {} });
      const stream = streams.get(draft.stream[0]);
      expect(stream?.tuning).toEqual({ parse: 'json' });
      streams.release(base);
      return stream?.text ?? '';
    };
    expect(pass(WEB, '1')).toBe(labelText({ ...WEB, a: 'b', n: '1' }));
    pass(WEB, '2');
    expect(streams.size).toBe(3);
    pass(WEB_ERR, '1');
    expect(streams.size).toBe(5);
    // Hundreds of streams that come and go.
    for (let i = 0; i < 600; i++) pass({ container: String(i) }, '1');
    expect(streams.size).toBeLessThan(2 * 600);
    stage.close?.();
    expect(streams.size).toBe(0);
  });
});
