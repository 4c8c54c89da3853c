import { afterEach, beforeEach, expect, it } from 'vitest';
import { Scope } from '../../../runtime/scope.js';
import { Engine } from '../engine.js';
import { type FakeEngine, fakeEngine, json, raw } from '../testing/fake-engine.js';
import { until } from '../testing/until.js';
import { LogServer } from './testing/log-server.js';

let fake: FakeEngine;
let scope: Scope;
let engine: Engine;
beforeEach(async () => {
  fake = await fakeEngine();
  scope = Scope.root('test', (error) => expect.fail(String(error)));
  engine = new Engine(scope.child('session'), {
    url: `unix://${fake.socket}`,
    target: { socketPath: fake.socket },
  });
  await engine.connect();
});
afterEach(async () => {
  await scope.close();
  await fake.dispose();
});

it('keeps no request waiting for followers, and ends each with its scope', async () => {
  const server = new LogServer(fake);
  const owners = Array.from({ length: 40 }, (_, i) => scope.child(`follower ${i}`));
  await Promise.all(owners.map((owner) => engine.logs('c1', { follow: true, tail: 16 }, owner)));
  expect(server.followers.size).toBe(40);
  expect(await engine.list()).toEqual([]);
  await Promise.all(owners.map((owner) => owner.close()));
  await until('no followers', () => server.followers.size === 0);
});

it.each([
  [404, 'gone'],
  [409, 'being removed'],
])('answers nothing for %i: the container is %s', async (status) => {
  fake.routes.set('/containers/c1/logs', json({ message: 'gone' }, status));
  expect(await engine.logs('c1', { follow: false }, scope)).toBeUndefined();
  expect(scope.census().get('request')).toBeUndefined();
});

it('throws LOG_UNREADABLE for a driver that cannot be read, and ENGINE_ANSWER for trouble', async () => {
  fake.routes.set('/containers/c1/logs', json({ message: 'no reading' }, 501));
  await expect(engine.logs('c1', { follow: true }, scope)).rejects.toMatchObject({ code: 'LOG_UNREADABLE' });
  fake.routes.set('/containers/c1/logs', json({ message: 'busy' }, 500));
  await expect(engine.logs('c1', { follow: true }, scope)).rejects.toMatchObject({ code: 'ENGINE_ANSWER' });
  expect(scope.census().get('request')).toBeUndefined();
});

it('asks for a part of the log', async () => {
  fake.routes.set('/containers/c1/logs', raw(''));
  await engine.logs('c1', { follow: true, since: '1795300000.000000007' }, scope);
  expect(fake.asked.at(-1)).toBe(
    '/v1.41/containers/c1/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=all&since=1795300000.000000007',
  );
});
