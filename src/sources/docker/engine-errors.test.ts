import { beforeEach, expect, test, vi } from 'vitest';
import { isInContainer } from '../../runtime/container.js';
import { type Endpoint, findEndpoint } from './endpoint.js';
import { engineError } from './engine-errors.js';

vi.mock('../../runtime/container.js', () => ({ isInContainer: vi.fn<() => boolean>() }));

const SOCKET: Endpoint = { url: 'unix:///x.sock', target: { socketPath: '/x.sock' } };

beforeEach(() => {
  vi.mocked(isInContainer).mockReset();
});

function remedies(isContained: boolean): (string | undefined)[] {
  vi.mocked(isInContainer).mockReturnValue(isContained);
  const failure = (code: string) => engineError(SOCKET, Object.assign(new Error(code), { code })).remedy;
  let notFound: string | undefined;
  try {
    findEndpoint({ env: {}, home: '/nowhere', uid: 1 }, ['/nowhere/x.sock']);
  } catch (error) {
    notFound = (error as { remedy?: string }).remedy;
  }
  return [notFound, failure('ENOENT'), failure('ECONNREFUSED')];
}

test('a socket that is not there: Docker is started on a host, and mounted into a container', () => {
  const start = expect.stringMatching(/^Start Docker.* or set DOCKER_HOST/);
  const mount = expect.stringMatching(/^Mount the engine's socket into this container .* or set DOCKER_HOST/);
  expect(remedies(false)).toEqual([start, start, start]);
  // Where the socket is there, it is the engine that is missing.
  expect(remedies(true)).toEqual([mount, mount, start]);
});
