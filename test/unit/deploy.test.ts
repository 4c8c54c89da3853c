/** The compose files keep what deploy/README.md says of them: closed containers, pinned images, loopback, no secrets. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../support/project.js';

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const DEPLOY = path.join(projectRoot(), 'deploy');
const OWN_IMAGE = '${LOG_CAPTURER_IMAGE:-log-capturer}';

function servicesOf(file: string): [string, Service][] {
  const text = readFileSync(path.join(DEPLOY, file), 'utf8');
  return Object.entries((parse(text, { merge: true }) as { services: Record<string, Service> }).services);
}

describe.each(['compose.yaml', 'compose.socket-proxy.yaml'])('deploy/%s', (file) => {
  it.each(servicesOf(file))(
    '%s is closed, pinned, on loopback only and free of secrets',
    (_name, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      if (service.image !== OWN_IMAGE)
        expect(service.image).toMatch(/^\$\{[A-Z]+_IMAGE:-[a-z/]+:v?\d+\.\d+\.\d+/);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
      expect(
        Object.keys(service.environment ?? {}).filter((key) => /PASSWORD|TOKEN|SECRET/.test(key)),
      ).toEqual([]);
      const mounts = (service.volumes ?? []).map((volume) => volume.split(':')[0]);
      const missing = mounts.filter((from) => from.startsWith('.') && !existsSync(path.join(DEPLOY, from)));
      expect(missing).toEqual([]);
    },
  );
});

it('has a profile with the agent alone and one with all', () => {
  const withProfile = (profile: string): string[] =>
    servicesOf('compose.yaml')
      .filter(([, { profiles }]) => profiles?.includes(profile))
      .map(([name]) => name);
  expect(withProfile('agent')).toEqual(['agent']);
  expect(withProfile('stack')).toEqual(['agent-for-loki', 'loki', 'prometheus', 'grafana']);
});

it('gives the agent no engine socket where there is a proxy', () => {
  const agent = servicesOf('compose.socket-proxy.yaml').find(([name]) => name === 'agent')?.[1];
  expect(agent?.volumes).toEqual(['unprivileged-history:/data']);
});
