/** Connections, plain and over TLS: how long they last, who may have one, when they are read. */
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeCertificates, whyNoCertificates } from '../docker/testing/certificates.js';
import { syslogKit, until } from './testing/syslog-kit.js';

const kit = syslogKit();

describe('connections', () => {
  test('several at once, each with its own half of a message', async () => {
    await kit.run();
    const [a, b] = [await kit.open(), await kit.open()];
    a.write('<13>a: on');
    b.write('7 <13>');
    await new Promise((resolve) => a.write('', resolve));
    for (const [socket, text] of [
      [a, 'e\n<13>a: two\n'],
      [b, 'b:!'],
    ] as const)
      socket.write(text);
    await until(() => kit.lines.length === 3);
    expect(kit.texts.toSorted()).toEqual(['b:!', 'one', 'two']);
  });

  test('what stands behind the last newline comes when it ends, also with a crash', async () => {
    await kit.run();
    expect((await kit.overTcp('<13>a: 1\n<13>a: 2')).length).toBeGreaterThan(0);
    await until(() => kit.lines.length === 2);
    const socket = await kit.open();
    socket.write('<13>a: 3');
    await new Promise((resolve) => socket.write('', resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    socket.resetAndDestroy();
    await until(() => kit.lines.length === 3);
    expect(kit.texts).toEqual(['1', '2', '3']);
  });

  test('no more than there may be', async () => {
    await kit.run({ maxConnections: 1 });
    const first = await kit.open();
    const second = await kit.open();
    await once(second, 'close');
    first.write('<13>a: 1\n');
    await until(() => kit.lines.length === 1);
  });

  test('a quiet one is closed where that is wanted', async () => {
    await kit.run({ idleTimeoutMs: 20 });
    const socket = await kit.open();
    socket.resume();
    await once(socket, 'close');
  });

  test('one that is not read because the journal is behind is not quiet', async () => {
    let letGo: () => void = () => {};
    kit.wait = new Promise((resolve) => {
      letGo = resolve;
    });
    await kit.run({ idleTimeoutMs: 20 });
    const socket = await kit.open();
    socket.resume();
    socket.write('<13>a: 1\n');
    await until(() => kit.lines.length === 1);
    socket.write('<13>a: 2\n');
    // Nothing tells of a time that passes without consequence.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.destroyed).toBe(false);
    kit.wait = undefined;
    letGo();
    await until(() => kit.lines.length === 2);
    await once(socket, 'close');
    expect(kit.texts).toEqual(['1', '2']);
  });

  test('one is not read while the journal is behind', async () => {
    let letGo: () => void = () => {};
    kit.wait = new Promise((resolve) => {
      letGo = resolve;
    });
    await kit.run();
    const socket = await kit.open();
    socket.write('<13>a: 1\n');
    await until(() => kit.lines.length === 1);
    let isTaken = false;
    const much = Buffer.from(`<13>a: ${'x'.repeat(993)}\n`.repeat(20_000));
    socket.write(much, () => {
      isTaken = true;
    });
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    expect([isTaken, kit.lines.length]).toEqual([false, 1]);
    kit.wait = undefined;
    letGo();
    await until(() => kit.lines.length === 20_001);
    expect(new Set(kit.texts.slice(1))).toEqual(new Set(['x'.repeat(993)]));
  });
});

test('a certificate that cannot be read', async () => {
  await kit.run({ udpPort: 0, tls: { certFile: '/does/not/exist', keyFile: '/neither' } });
  expect(kit.health.components().get('net')).toMatchObject({
    state: 'degraded',
    reason: expect.stringMatching(/^SECRET_UNREADABLE: .*PEM/),
  });
});

describe.skipIf(whyNoCertificates)('over TLS', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'log-capturer-syslog-'));
    makeCertificates(folder);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string): string => path.join(folder, name);

  /** Sends a line over TLS; `own` is whose certificate it shows. Answers whether it was let in. */
  async function send(text: string, own?: string, onName?: (name: string) => void): Promise<boolean> {
    const socket = connectTls({
      port: kit.tcpPort,
      host: '127.0.0.1',
      ca: readFileSync(file('ca.pem')),
      ...(own !== undefined && {
        cert: readFileSync(file(`${own}-cert.pem`)),
        key: readFileSync(file(`${own}-key.pem`)),
      }),
    });
    kit.ends.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.once('secureConnect', () => onName?.(String(socket.getPeerCertificate().subject.CN)));
    const before = kit.lines.length;
    let isClosed = false;
    socket.once('close', () => {
      isClosed = true;
    });
    socket.resume();
    socket.write(text);
    await until(() => isClosed || kit.lines.length > before);
    return kit.lines.length > before;
  }

  test('messages come as over TCP, and who does not speak it is sent away', async () => {
    await kit.run({
      udpPort: 0,
      tls: { certFile: file('server-cert.pem'), keyFile: file('server-key.pem') },
    });
    expect(await send('<13>a: x\n')).toBe(true);
    const plain = await kit.open();
    plain.write('<13>a: plain\n');
    await once(plain, 'close');
    expect(kit.texts).toEqual(['x']);
  });

  test('only of senders with a certificate, where that is wanted', async () => {
    const tls = {
      certFile: file('server-cert.pem'),
      keyFile: file('server-key.pem'),
      clientCaFile: file('ca.pem'),
    };
    await kit.run({ udpPort: 0, tls });
    expect(await send('<13>a: nobody\n')).toBe(false);
    expect(await send('<13>a: x\n', 'client')).toBe(true);
    expect(kit.texts).toEqual(['x']);
  });

  test('a renewed certificate is shown to whoever connects next, and senders are asked as before', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const tls = {
      certFile: file('server-cert.pem'),
      keyFile: file('server-key.pem'),
      clientCaFile: file('ca.pem'),
    };
    await kit.run({ udpPort: 0, tls });
    const before = await kit.open();
    for (const part of ['cert', 'key']) copyFileSync(file(`client-${part}.pem`), file(`server-${part}.pem`));
    utimesSync(file('server-cert.pem'), 2e9, 2e9);
    const shown: string[] = [];
    const remember = (name: string): void => void shown.push(name);
    await send('<13>a: old\n', 'client', remember);
    vi.advanceTimersByTime(60_000);
    await send('<13>a: new\n', 'client', remember);
    expect(await send('<13>a: nobody\n')).toBe(false);
    expect(shown).toEqual(['server', 'client']);
    expect(kit.texts).toEqual(['old', 'new']);
    expect(before.closed).toBe(false);
  });
});
