/**
 * Just enough of the Docker Engine API to make the agent read the workload's files: the benchmark measures the agent,
 * not an engine. Tests use a real one.
 */
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import type { Workload } from './generate.js';

export function startStubEngine(work: Workload, socketPath: string): Promise<Server> {
  const logPath = (id: string) => path.join(work.directory, 'containers', id, `${id}-json.log`);
  const answers: Record<string, (id: string) => unknown> = {
    version: () => ({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' }),
    info: () => ({
      Name: 'bench',
      ServerVersion: '20.10.24',
      DockerRootDir: work.directory,
      LoggingDriver: 'json-file',
    }),
    list: () =>
      work.containers.map(({ id, name }) => ({
        Id: id,
        Names: [`/${name}`],
        Image: 'bench',
        ImageID: 'sha256:0',
        Labels: {},
        State: 'running',
        Status: 'Up',
        Created: 1_795_000_000,
      })),
    inspect: (id) => ({
      Id: id,
      Name: `/${work.containers.find((container) => container.id === id)?.name}`,
      Created: '2026-11-01T00:00:00Z',
      State: {
        Status: 'running',
        Running: true,
        StartedAt: '2026-11-01T00:00:00Z',
        FinishedAt: '0001-01-01T00:00:00Z',
      },
      LogPath: logPath(id),
      Config: { Image: 'bench', Labels: {}, Tty: false },
      HostConfig: { LogConfig: { Type: 'json-file', Config: {} } },
    }),
  };
  const server = createServer((request, response) => {
    const route = (request.url ?? '').replace(/^\/v[\d.]+/, '').split('?')[0];
    const inspect = /^\/containers\/([0-9a-f]{64})\/json$/.exec(route);
    if (route === '/_ping') return response.setHeader('Api-Version', '1.41').end('OK');
    if (route === '/events') return response.writeHead(200).flushHeaders();
    const name = inspect ? 'inspect' : route === '/containers/json' ? 'list' : route.slice(1);
    const answer = answers[name];
    if (!answer) return response.writeHead(404).end('{"message":"not in the stub"}');
    return response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify(answer(inspect?.[1] ?? '')));
  });
  return new Promise((resolve) => server.listen(socketPath, () => resolve(server)));
}
