/** What is deployed keeps what deploy/README.md says of it: closed containers and services, pinned images, loopback, no secrets. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import type { FileSourceConfig } from '../../src/config/types.js';
import { matchesPath, parsePathPattern } from '../../src/runtime/path-patterns.js';
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

interface KubernetesObject {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template: { readonly spec: Pod } };
}

interface Pod {
  readonly automountServiceAccountToken?: boolean;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string }[];
    readonly securityContext: object;
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
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

describe('deploy/kubernetes/daemonset.yaml', () => {
  const objects = parseAllDocuments(readFileSync(path.join(DEPLOY, 'kubernetes/daemonset.yaml'), 'utf8')).map(
    (document) => document.toJS() as KubernetesObject,
  );
  const pod = objects.find(({ kind }) => kind === 'DaemonSet')?.spec?.template.spec;
  const [agent] = pod?.containers ?? [];

  it('asks nothing of the cluster', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['Namespace', 'ConfigMap', 'DaemonSet']);
    expect(pod?.automountServiceAccountToken).toBe(false);
  });

  it('may write nowhere on the node but into its own folder, and has no capabilities', () => {
    expect(agent?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    const hostPaths = new Map(pod?.volumes.map(({ name, hostPath }) => [name, hostPath?.path]));
    const written = agent?.volumeMounts
      .filter(({ readOnly }) => !readOnly)
      .map(({ name }) => hostPaths.get(name));
    expect(written).toEqual(['/var/lib/log-capturer', undefined]);
    for (const { name, mountPath } of agent?.volumeMounts ?? [])
      if (mountPath.startsWith('/var/')) expect(hostPaths.get(name)).toBe(mountPath);
  });

  it('has a configuration that is right, reads what is mounted and never its own lines', () => {
    const text = objects.find(({ kind }) => kind === 'ConfigMap')?.data?.['config.yaml'] ?? '';
    const { config, warnings } = loadConfig({ text, env: { NODE_NAME: 'node-1' }, cwd: DEPLOY });
    expect(warnings).toEqual([]);
    expect(config.labels).toEqual({ node: 'node-1' });
    const pods = config.sources['pods'] as FileSourceConfig;
    expect(pods.format).toBe('cri');
    const mounts = agent?.volumeMounts.map(({ mountPath }) => mountPath) ?? [];
    for (const pattern of pods.include)
      expect(mounts.some((mount) => pattern.startsWith(`${mount}/`))).toBe(true);
    const own = '/var/log/pods/log-capturer_log-capturer-x2x4z_1a2b/agent/0.log';
    expect(pods.exclude.some((pattern) => matchesPath(parsePathPattern(pattern)[0], own))).toBe(true);
    expect(agent?.args).toEqual(['run', '--config', '/etc/log-capturer/config.yaml', '--data-dir', '/data']);
    expect(agent?.env.map(({ name }) => name)).toEqual(['NODE_NAME']);
  });
});

it('keeps the service of systemd closed', () => {
  const unit = readFileSync(path.join(DEPLOY, 'log-capturer.service'), 'utf8');
  const settings = new Map(
    [...unit.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name, value]) => [name, value] as const),
  );
  const yes = [
    'DynamicUser',
    'NoNewPrivileges',
    'PrivateDevices',
    'PrivateTmp',
    'ProtectClock',
    'ProtectHome',
  ].concat(['ProtectKernelModules', 'ProtectKernelTunables', 'RestrictNamespaces', 'RestrictSUIDSGID']);
  for (const name of yes) expect(settings.get(name), name).toBe('yes');
  expect(settings.get('ProtectSystem')).toBe('strict');
  expect(settings.get('CapabilityBoundingSet')).toBe('CAP_DAC_READ_SEARCH');
  expect(settings.get('ExecStart')).toMatch(/ \/opt\/log-capturer\/dist\/src\/main\.js run$/);
});
