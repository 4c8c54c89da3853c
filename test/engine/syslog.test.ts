/** The syslog source with a real sender, rsyslog, in the forms that it has; and the syslog sink with a real receiver, the same one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { Agent, killAgents } from '../support/agent.js';
import { unpackPackages, whyNoPackages } from '../support/debian-packages.js';
import { freePort } from '../support/ports.js';
import { scratch } from '../support/scratch.js';
import { sinkUntil } from '../support/sinks.js';

const LINES = 2_000;
/** As many datagrams as the kernel keeps for an agent that does not get to them at once. */
const AT_ONCE = 200;
const DEADLINE_MS = 30_000;
/** By program: how its lines are forwarded. */
const WAYS: Readonly<Record<string, string>> = {
  counted: 'protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"',
  lines: 'protocol="tcp" TCP_Framing="traditional" template="RSYSLOG_SyslogProtocol23Format"',
  old: 'protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"',
  datagrams: 'protocol="udp" template="RSYSLOG_SyslogProtocol23Format"',
};

const reason =
  whyNoPackages() ?? (spawnSync('logger', ['--version']).status === 0 ? undefined : 'there is no logger');
if (reason) console.warn(`The syslog source is not tried with rsyslog: ${reason}.`);

afterEach(killAgents);

function linesOf(
  folder: string,
  container: string,
): { line: string; time: string; fields: Record<string, string> }[] {
  const directory = path.join(folder, 'out', container);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => readFileSync(path.join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Waited too long: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** It forwards to `port`, and writes what comes to `back`, with its program in front, to the answered file. */
async function startRsyslog(
  folder: string,
  port: number,
  back: number,
): Promise<{ child: ChildProcess; socket: string; file: string }> {
  const { root, env } = unpackPackages(['rsyslog'], folder);
  const socket = path.join(folder, 'in.sock');
  const modules = spawnSync('find', [root, '-type', 'd', '-path', '*/rsyslog', '-path', '*-linux-*'], {
    encoding: 'utf8',
  }).stdout.trim();
  const work = path.join(folder, 'work');
  mkdirSync(work);
  const rules = Object.entries(WAYS).map(
    ([name, way]) =>
      `if $programname == "${name}" then action(type="omfwd" target="127.0.0.1" port="${port}" ${way} action.resumeRetryCount="-1")`,
  );
  const file = path.join(folder, 'back.log');
  const settings = path.join(folder, 'rsyslog.conf');
  writeFileSync(
    settings,
    [
      `global(workDirectory="${work}" parser.escapeControlCharactersOnReceive="off")`,
      'module(load="imuxsock" SysSock.Use="off")',
      `input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0" UsePIDFromSystem="on")`,
      'module(load="imtcp")',
      `template(name="back" type="string" string="%syslogseverity% %programname% %msg%\\n")`,
      `ruleset(name="back") { action(type="omfile" file="${file}" template="back") }`,
      `input(type="imtcp" address="127.0.0.1" port="${back}" ruleset="back")`,
      ...rules,
      '',
    ].join('\n'),
  );
  const child = spawn(
    path.join(root, 'usr/sbin/rsyslogd'),
    ['-n', '-f', settings, '-i', path.join(folder, 'pid'), '-M', modules],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await until(
    () => existsSync(socket),
    () => `rsyslogd, which ended with ${child.exitCode}`,
  );
  return { child, socket, file };
}

describe.skipIf(reason)('rsyslog', () => {
  it('each form: every line once, in order, with program, severity and time', async () => {
    const folder = scratch('syslog');
    const port = await freePort();
    const back = await freePort();
    const config = {
      sources: { net: { type: 'syslog', tcp_port: port, udp_port: port } },
      sinks: {
        out: { type: 'file', directory: path.join(folder, 'out'), format: 'json' },
        back: { type: 'syslog', port: back },
      },
    };
    const agent = await (await Agent.start({ folder, config })).ready();
    const { socket, file: returned } = await startRsyslog(folder, port, back);
    const expected = Array.from({ length: LINES }, (_, i) => `line ${i} ${'ü'.repeat(i % 40)}.`);
    const names = Object.keys(WAYS);
    for (let at = 0; at < LINES; at += AT_ONCE) {
      const file = path.join(folder, 'lines');
      writeFileSync(file, `${expected.slice(at, at + AT_ONCE).join('\n')}\n`);
      for (const name of names) {
        const args = ['-u', socket, '-t', name, '-p', 'local3.warning', '-f', file];
        expect(spawnSync('logger', args).status).toBe(0);
      }
      await until(
        () => names.every((name) => linesOf(folder, name).length >= at + AT_ONCE),
        () => names.map((name) => `${name}: ${linesOf(folder, name).length}`).join(),
      );
    }
    // All came back before the sink says so: what it calls delivered has been read.
    const total = names.length * LINES;
    const { linesDelivered } = await sinkUntil(
      agent,
      'back',
      ({ linesDelivered }) => linesDelivered >= total,
      DEADLINE_MS,
    );
    expect(linesDelivered).toBe(total);
    await agent.stop();
    await until(
      () => readFileSync(returned, 'utf8').split('\n').length > total,
      () => 'what came back is written',
    );
    const cameBack = readFileSync(returned, 'utf8').split('\n').slice(0, -1);
    for (const name of names) {
      const got = linesOf(folder, name);
      // In RFC 5424 rsyslog sends the space that stood behind the tag.
      const space = name === 'old' ? '' : ' ';
      expect(got.map(({ line }) => line)).toEqual(expected.map((line) => space + line));
      const own = `4 ${name} `;
      expect(cameBack.filter((line) => line.startsWith(own)).map((line) => line.slice(own.length))).toEqual(
        expected.map((line) => space + line),
      );
      const times = got.map(({ time }) => time);
      expect(new Set(times).size).toBe(LINES);
      expect(times).toEqual(times.toSorted());
      expect(Math.abs(Date.parse(times[0]) - Date.now())).toBeLessThan(2 * DEADLINE_MS);
      expect(got[0].fields).toMatchObject({ level: 'warn', facility: 'local3', severity: 'warning' });
    }
  });
});
