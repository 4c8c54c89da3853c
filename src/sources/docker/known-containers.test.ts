import { beforeEach, expect, test } from 'vitest';
import { KnownContainers } from './known-containers.js';
import { RememberingPipeline } from './testing/remembering-pipeline.js';

const NOW = { seconds: 1_767_225_700, nanos: 0 };
const READ_UNTIL = { seconds: 1_767_225_600, nanos: 5 };
const POSITION = [READ_UNTIL.seconds, READ_UNTIL.nanos, [[1, 2, 3, 4]]];
const DETAIL = 'the container was removed while the agent was not running';

let pipeline: RememberingPipeline;
let known: KnownContainers;

beforeEach(() => {
  pipeline = new RememberingPipeline();
  restart();
});

/** A new process finds the same positions. */
function restart(): void {
  known = new KnownContainers(pipeline);
}

/** The container is captured, and read up to READ_UNTIL. */
function capture(id: string, container = id): void {
  known.captured(id, { container });
  pipeline.setPosition(`docker/${id}`, POSITION);
}

const blind = (container: string) => ({
  why: 'blind',
  from: READ_UNTIL,
  to: NOW,
  detail: DETAIL,
  labels: { container },
});

test('who is gone is a gap in its own history, from the last line read on, and forgotten; who is there is neither', () => {
  capture('a', 'web');
  capture('b', 'db');
  restart();
  known.forgetRemoved((id) => id === 'b', NOW);
  expect(pipeline.gaps).toEqual([blind('web')]);
  expect([...pipeline.positions.keys()].toSorted()).toEqual(['docker-known/b', 'docker/b']);
  restart();
  known.forgetRemoved((id) => id === 'b', NOW);
  expect(pipeline.gaps).toHaveLength(1);
});

test('a new name is the name of the gap', () => {
  capture('a', 'web');
  known.renamed('a', { container: 'old' });
  known.forgetRemoved(() => false, NOW);
  expect(pipeline.gaps).toEqual([blind('old')]);
});

test('who had ended, and was read to its end, lost nothing', () => {
  capture('a');
  known.drained('a');
  known.renamed('a', { container: 'b' });
  restart();
  known.forgetRemoved(() => false, NOW);
  expect(pipeline.gaps).toEqual([]);
  expect(pipeline.positions.size).toBe(0);
});

test.each(['woken', 'captured again by a later process'])('unless it was %s since', (how) => {
  capture('a');
  known.drained('a');
  if (how === 'woken') known.woken('a');
  else capture('a');
  known.forgetRemoved(() => false, NOW);
  expect(pipeline.gaps).toEqual([blind('a')]);
});

test('who was removed while the agent looked on is forgotten, and no gap', () => {
  capture('a');
  known.forget('a');
  pipeline.setPosition('docker/a', undefined);
  known.forgetRemoved(() => false, NOW);
  expect([pipeline.gaps, pipeline.positions.size]).toEqual([[], 0]);
});

test('one that an older version captured has the head of its id for a name; a log of which no line was read, no time', () => {
  const id = 'f'.repeat(64);
  pipeline.setPosition(`docker/${id}`, [0, [[0, 0, 0, 0]]]);
  known.forgetRemoved(() => false, NOW);
  expect(pipeline.gaps).toEqual([{ ...blind('f'.repeat(12)), from: undefined }]);
});

test('what is known already is not written again', () => {
  capture('a');
  const before = pipeline.positions.get('docker-known/a');
  known.captured('a', { container: 'a' });
  known.woken('a');
  known.renamed('a', { container: 'a' });
  expect(pipeline.positions.get('docker-known/a')).toBe(before);
});
