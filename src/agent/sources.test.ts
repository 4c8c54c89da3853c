import { expect, test } from 'vitest';
import type { SourceConfig } from '../config/types.js';
import type { Pipeline, Source, SourceFigures } from '../pipeline/contract.js';
import { NO_CONTAINERS, noReads } from '../pipeline/read-totals.js';
import { silentLogger } from '../runtime/log.js';
import { Scope } from '../runtime/scope.js';
import { Health } from '../telemetry/health.js';
import { SourceSet } from './sources.js';

const reads = (linesRead: number, bytesRead: number) => ({ ...noReads(), linesRead, bytesRead });

function sourceOf(name: string, own: Partial<Source>): Source {
  const figures: SourceFigures = {
    ...NO_CONTAINERS,
    active: new Map([['web', reads(2, 20)]]),
    retired: reads(1, 10),
  };
  return { name, run: (scope) => scope.untilClosing(), figures: () => figures, ...own };
}

test('what was read is told by ids that containers keep, and what ended stays in the sum', async () => {
  const root = Scope.root('test', (error) => {
    throw error;
  });
  const set = new SourceSet({
    pipeline: {} as Pipeline,
    log: silentLogger,
    health: new Health(),
    ownFolders: () => [],
    tuning: { problem: () => undefined, sinkNames: () => [] },
    onAllEnded: () => Promise.resolve(),
  });
  const types = {
    stdin: { type: 'stdin' } as SourceConfig,
    files: { type: 'file' } as SourceConfig,
    docker: { type: 'docker' } as SourceConfig,
  };
  const made = new Map([
    ['stdin', sourceOf('stdin', {})],
    ['files', sourceOf('files', { tellReads: (tell) => tell('/var/log/a', 3, 30) })],
    [
      'docker',
      Object.assign(sourceOf('docker', { tellReads: (tell) => tell('4f1', 5, 50) }), {
        containers: () => [],
      }),
    ],
  ]);
  set.begin(root, types, made);
  const told = (): unknown[] => {
    const rows: unknown[] = [];
    for (const { name, tellReads } of set.views)
      tellReads((id, lines, bytes) => rows.push([name, id, lines, bytes]));
    return rows;
  };
  expect(told()).toEqual([
    ['stdin', undefined, 1, 10],
    ['stdin', 'stdin/web', 2, 20],
    ['files', 'file//var/log/a', 3, 30],
    ['docker', '4f1', 5, 50],
  ]);
  await set.end(['stdin']);
  set.begin(root, types, new Map([['stdin', sourceOf('stdin', { figures: () => undefined })]]));
  expect(told()).toContainEqual(['stdin', undefined, 3, 30]);
  await root.close();
});
