import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentError, describeError } from '../runtime/errors.js';
import { loadConfig } from './load.js';
import { configYaml, renderConfig } from './render.js';
import { withoutUserinfo } from './secrets.js';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'log-capturer-secrets-'));
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(text: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(path.join(cwd, 'c.yaml'), text);
  return loadConfig({ cwd, env, file: 'c.yaml' });
}

/** All that anybody could be shown of the failure. */
function shown(text: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    const loaded = load(text, env);
    return `${configYaml(loaded.config)}${JSON.stringify(renderConfig(loaded.config))}${loaded.warnings.join('\n')}`;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return `${describeError(error)}${inspect(error, { depth: 5 })}`;
  }
}

function write(name: string, content: string): void {
  writeFileSync(path.join(cwd, name), content);
}

describe('where secrets come from', () => {
  test('a file, with the newline of its editor', () => {
    write('token', 'abc\n');
    write('password', 'p w\r\n');
    write('bearer', 'xyz');
    const { config } = load(`
server: { token_file: ./token }
sinks:
  loki: { url: "http://h", username: u, password_file: password }
  other: { type: loki, url: "http://h", bearer_token_file: ${path.join(cwd, 'bearer')} }
`);
    expect(config.server.token).toBe('abc');
    expect(config.sinks).toMatchObject({ loki: { password: 'p w' }, other: { bearerToken: 'xyz' } });
  });

  test('a file in the home, one named by environment, and a variable', () => {
    write('token', 'abc');
    const env = {
      HOME: cwd,
      LOG_CAPTURER_LOKI_URL: 'http://h',
      LOG_CAPTURER_LOKI_BEARER_TOKEN_FILE: '~/token',
      T: 'def',
    };
    const { config } = load('server: { token: "${T}" }', env);
    expect(config.server.token).toBe('def');
    expect(config.sinks).toMatchObject({ loki: { type: 'loki', url: 'http://h', bearerToken: 'abc' } });
  });

  test.each([
    ['missing', 'does not exist'],
    ['.', 'is a folder'],
    ['empty', 'is empty'],
  ])('a file that is %s', (name, why) => {
    write('empty', '\n');
    expect(() => load(`server: { token_file: ${name} }`)).toThrow(
      expect.objectContaining({
        code: 'SECRET_UNREADABLE',
        message: `The file ${path.join(cwd, name)} (server.token_file) ${why}.`,
        remedy: expect.stringContaining('readable by the user'),
      }),
    );
  });

  test('both at once are refused', () => {
    write('token', 'abc');
    expect(() => load('server:\n  token: x\n  token_file: token\n')).toThrow(
      'c.yaml:3:3: server.token_file: excludes token; keep one of them',
    );
  });
});

const SECRET = 'hunter2Geheim';

describe('what is shown of them', () => {
  test('nothing, of a configuration full of them', () => {
    const text = `
server: { token: ${SECRET} }
sources: { containers: { endpoint: "https://u:${SECRET}@engine:2376" } }
sinks:
  loki: { url: "http://u:${SECRET}@h/push", proxy_url: "http://u:${SECRET}@p:1" }
  a: { type: loki, url: "http://h", bearer_token: ${SECRET} }
  b: { type: loki, url: "http://h", username: u, password: ${SECRET} }
`;
    const { config } = load(text);
    expect(JSON.stringify(config).split(SECRET)).toHaveLength(7);
    expect(shown(text)).not.toContain(SECRET);
    expect(renderConfig(config)).toMatchObject({
      server: { token: '<hidden>' },
      sources: { containers: { endpoint: 'https://<hidden>@engine:2376' } },
      sinks: {
        loki: { url: 'http://<hidden>@h/push', proxy_url: 'http://<hidden>@p:1' },
        a: { bearer_token: '<hidden>' },
        b: { username: 'u', password: '<hidden>' },
      },
    });
  });

  test.each([
    `server: { token: "${SECRET} with spaces" }`,
    `server: { token: { a: ${SECRET} } }`,
    `server: { token: [${SECRET}] }`,
    `server: { token: "${SECRET}\\q" }`,
    `server: { token: *${SECRET} }`,
    `server: { token: !${SECRET} x }`,
    `server: { token: @${SECRET} }`,
    `server: { token: %${SECRET} }`,
    `server:\n  token: |${SECRET}\n`,
    `server: { token: "a" ${SECRET} }`,
    `server: { token: "\${${SECRET}" }`,
    `server: { token: "\${-${SECRET}}" }`,
    `sinks: { loki: { url: "ftp://u:${SECRET}@h" } }`,
    `sinks: { loki: { url: "http://u:${SECRET}@h:port" } }`,
    `sinks: { loki: { url: "http://u:${SECRET}@h?x=1" } }`,
    `sinks: { loki: { url: "http://u:${SECRET}@h", username: u, password: ${SECRET} } }`,
    `sinks: { loki: { url: "http://h", password: ${SECRET} } }`,
    `sinks: { loki: { url: "http://h", username: u, password: "${SECRET}\\n" } }`,
    `sinks: { loki: { url: "http://h", username: u, password: "${SECRET}", bearer_token: ${SECRET} } }`,
    `sinks: { loki: { url: "http://h", proxy_url: "socks5://u:${SECRET}@h" } }`,
  ])('nothing, where it is wrong: %s', (text) => {
    expect(() => load(text)).toThrow(AgentError);
    expect(shown(text)).not.toContain(SECRET);
  });

  test('nothing, where the environment gives it wrongly', () => {
    const env = {
      LOG_CAPTURER_LOKI_URL: `ftp://u:${SECRET}@h`,
      LOG_CAPTURER_LOKI_PASSWORT: SECRET,
      LOG_CAPTURER_SERVER_TOKEN: `${SECRET} x`,
    };
    expect(shown('', env)).toContain('did you mean LOG_CAPTURER_LOKI_PASSWORD?');
    expect(shown('', env)).not.toContain(SECRET);
  });

  test('nothing, wherever signs of YAML stand around it', () => {
    const signs = fc.constantFrom(...Array.from('{}[]:,&*!|>-?#%@`"\'\\\n\t $ '), 'x', '${', '}');
    const noise = fc.array(signs, { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const text = `server:\n  token: ${before}${SECRET}${after}\n  port: 70000\n`;
        const answer = shown(text);
        // What stands before a colon is a key, and keys are named; a comment is nothing.
        const isKey = /\bunknown key|must be plain text|is not set/.test(answer);
        if (!isKey) expect(answer).not.toContain(SECRET);
      }),
      { numRuns: 1000 },
    );
  });

  test('what is shown instead of them is not taken for one', () => {
    const shownAs = 'must be .*: <hidden> is what is shown instead of a secret';
    expect(() => load('server: { token: <hidden> }')).toThrow(new RegExp(`server.token: ${shownAs}`));
    expect(() => load('sinks: { loki: { url: "http://<hidden>@h" } }')).toThrow(
      new RegExp(`loki.url: ${shownAs}`),
    );
  });

  test('addresses lose the part that logs in, and nothing else', () => {
    expect(withoutUserinfo('http://a:b@c@host:1/p@q')).toBe('http://<hidden>@host:1/p@q');
    expect(withoutUserinfo('http://host/p@q')).toBe('http://host/p@q');
    expect(withoutUserinfo('unix:///a@b')).toBe('unix:///a@b');
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
        expect(withoutUserinfo(url)).toBe(url);
      }),
    );
  });
});

describe('what is warned of', () => {
  test('a file that all may read, with the secrets that stand in it', () => {
    write('token', 'from-a-file');
    const text = `server: { token_file: token }\nsinks: { loki: { url: "https://h", username: u, password: ${SECRET} } }`;
    load(text);
    chmodSync(path.join(cwd, 'c.yaml'), 0o644);
    expect(load(text).warnings).toEqual([
      'sinks.loki.password stands in c.yaml, which every user may read: chmod 600 c.yaml, or use sinks.loki.password_file.',
    ]);
    chmodSync(path.join(cwd, 'c.yaml'), 0o640);
    expect(load(text).warnings).toEqual([]);
  });

  test('lines for which Loki has no tenant', () => {
    const warningsWith = (more: string) =>
      load(`sinks: { loki: { url: "https://h", tenant_label: team, ${more} } }`).warnings;
    expect(warningsWith('')).toEqual([
      'sinks.loki.tenant_label without tenant: a Loki with authentication answers 401 to lines without the label team.',
    ]);
    expect(warningsWith('tenant: rest')).toEqual([]);
  });

  test('what others can read, or pretend to be', () => {
    const { warnings } = load(`
server: { host: 0.0.0.0, auth: none, token: x }
sinks:
  loki: { url: "http://logs.example.org", username: u, password: p, tls: { insecure_skip_verify: true } }
  near: { type: loki, url: "http://127.0.0.1:3100", username: u, password: p }
`);
    expect(warnings.map((warning) => warning.replace(/:? .*/, ''))).toEqual([
      'server.auth',
      'server.token',
      'sinks.loki.tls.insecure_skip_verify',
      'sinks.loki.tls',
      'sinks.loki',
      'server.token',
      'sinks.loki.password',
      'sinks.near.password',
    ]);
  });
});
