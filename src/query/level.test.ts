import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEVELS, type Level, levelOf } from './index.js';

/** Of a line in the middle of an arena whose other bytes must not matter. */
function level(line: string): Level {
  const bytes = Buffer.from(line);
  const arena = Buffer.concat([Buffer.from('[error] "level":"'), bytes, Buffer.from('=error]: ERROR')]);
  return levelOf(arena, 17, 17 + bytes.length);
}

const LINES: Readonly<Record<Level, readonly string[]>> = {
  critical: [
    '2026-11-22 12:00:00.000 UTC [1] FATAL:  password authentication failed for user "app"',
    '2026/11/22 12:00:00 [emerg] 1#1: bind() to 0.0.0.0:80 failed',
    '{"level":60,"time":1763812800000,"msg":"out of memory"}',
    '{"severity":"CRITICAL","message":"x"}',
    '<10>1 2026-11-22T12:00:00Z host app - - - down',
    'F1122 12:00:00.000000       1 main.go:10] cannot start',
    'panic: runtime error: index out of range [5] with length 3',
    'CRITICAL:root:disk full',
    'crit: Microsoft.AspNetCore.Server.Kestrel[0]',
    'FATA[0003] cannot connect',
    '[12:00:00 FTL] Host terminated',
    '[Sun Nov 22 12:00:00.000000 2026] [core:alert] [pid 1] no listening sockets',
    '{"t":{"$date":"2026-11-22T12:00:00Z"},"s":"F","c":"CONTROL","id":1}',
  ],
  error: [
    '2026/11/22 12:00:00 [error] 29#29: *1 open() "/usr/share/x" failed (2: No such file)',
    '2026-11-22 12:00:00.000 UTC [1] ERROR:  relation "users" does not exist at character 15',
    '12:00:00.000 [main] ERROR com.acme.Shop - Cannot connect',
    '2026-11-22 12:00:00,000 - acme.db - ERROR - lost connection',
    'ERROR:root:division by zero',
    'ERROR:    Exception in ASGI application',
    '[2026-11-22 12:00:00 +0000] [7] [ERROR] Worker (pid:8) was sent SIGKILL!',
    '[2026-11-22 12:00:00,000: ERROR/MainProcess] Task failed',
    'time="2026-11-22T12:00:00Z" level=error msg="no such container"',
    'time=2026-11-22T12:00:00.000Z level=ERROR msg=failed',
    'ts=2026-11-22T12:00:00Z caller=main.go:1 lvl=eror msg="x"',
    '2026-11-22T12:00:00.000Z\terror\tserver/main.go:42\tcannot listen\t{"port": 80}',
    '{"level":"error","ts":1763812800.1,"caller":"x.go:1","msg":"failed"}',
    '{"time":"2026-11-22T12:00:00Z","level":"ERROR","msg":"failed"}',
    '{"msg":"level=debug \\"level\\":\\"debug\\"","ctx":{"level":"info"},"level":50}',
    '{ "@timestamp" : "2026-11-22T12:00:00Z", "log.level" : "ERROR", "message":"x"}',
    '{"levelname": "ERROR", "message": "x"}',
    '{"@t":"2026-11-22T12:00:00Z","@mt":"x","@l":"Error"}',
    '{"severity":3,"message":"x"}',
    'E1122 12:00:00.000000       1 reflector.go:1] failed to list',
    '\u001b[2m2026-11-22T12:00:00Z\u001b[0m \u001b[31mERROR\u001b[0m \u001b[2mapp\u001b[0m: lost',
    '[2026-11-22T12:00:00Z ERROR app] lost',
    '\u001b[31m[error]\u001b[0m it failed',
    '<11>Nov 22 12:00:00 host app[1]: it failed',
    '<3>kernel thing',
    'ERRO[0001] cannot connect',
    '12:00PM ERR cannot connect error="x"',
    '[12:00:00 ERR] Unhandled exception',
    'fail: Microsoft.EntityFrameworkCore.Database.Command[20102]',
    'npm ERR! code ELIFECYCLE',
    'TypeError: Cannot read properties of undefined',
    'java.lang.IllegalStateException: no',
    'Exception in thread "main" java.lang.Error',
    'Traceback (most recent call last):',
    'PHP Fatal error:  Uncaught Error in /app/index.php:3',
    '[2026-11-22T12:00:00.000+00:00] app.ERROR: it failed {"exception":"x"} []',
    '2026-11-22T12:00:00.000000Z 0 [ERROR] [MY-010119] [Server] Aborting',
    '[Sun Nov 22 12:00:00 2026] [proxy:error] [pid 1] AH00940',
    'SEVERE: Servlet.service() threw exception',
    'E, [2026-11-22T12:00:00.000000 #1] ERROR -- : failed',
    '2026-11-22 12:00:00.000 UTC [7] web-1 "level":"error" tail of an object',
    '[E 261122 12:00:00 web:2] 500 GET /',
  ],
  warn: [
    '1:M 22 Nov 2026 12:00:00.000 # WARNING overcommit_memory is set to 0!',
    '2026-11-22 12:00:00.000  WARN 1 --- [nio-8080-exec-1] o.s.web.PageNotFound : No mapping',
    'WARNING:django.request:Not Found: /x',
    '2026-11-22T12:00:00.000000Z 0 [Warning] [MY-010068] [Server] CA certificate is self signed.',
    'warn: Microsoft.AspNetCore.DataProtection[60]',
    '[2026-11-22 12:00:00.000][1][warning][main] [source/server.cc:1] x',
    '{"level":40,"msg":"x"}',
    '{"level":"warning"}',
    '2026-11-22 12:00:00.000 [WARN]  agent: x',
    '[2026-11-22T12:00:00,000][WARN ][o.e.n.Node] x',
    'W1122 12:00:00.000000       1 x.go:1] x',
    'WARN[0000] x',
    'level=warn ts=1',
    'severity: warning',
    'Warning: deprecated',
  ],
  info: [
    '1:M 22 Nov 2026 12:00:00.000 * Ready to accept connections',
    '2026-11-22 12:00:00.000 UTC [1] LOG:  database system is ready to accept connections',
    '2026-11-22T12:00:00.000000Z 0 [System] [MY-010931] [Server] ready for connections.',
    '2026-11-22 12:00:00 0 [Note] mariadbd: ready for connections.',
    '2026/11/22 12:00:00 [notice] 1#1: start worker processes',
    '\u001b[32mINFO\u001b[0m:     127.0.0.1:1 - "GET / HTTP/1.1" 200 OK',
    '\u001b[2m2026-11-22T12:00:00Z\u001b[0m \u001b[32m INFO\u001b[0m app: \u001b[2mx\u001b[0m ERROR',
    '2026-11-22T12:00:00.000Z\tinfo\tmain.go:1\tERROR is only a word here',
    'time="x" level=info msg="ERROR: quoted"',
    'msg="ERROR: quoted" level=info',
    '2026-11-22 12:00:00.000 | INFO     | app:run:1 - level=debug',
    '{"level":30,"time":1,"pid":1,"hostname":"h","msg":"ERROR"}',
    '{"t":{"$date":"2026-11-22T12:00:00Z"},"s":"I","c":"NETWORK","id":1}',
    'I1122 12:00:00.000000       1 x.go:1] error: only later',
    'info: Microsoft.Hosting.Lifetime[14]',
    '<134>Nov 22 12:00:00 haproxy[1]: x',
    '[22-Nov-2026 12:00:00] NOTICE: fpm is running, pid 1',
    'INFO[0000] x',
    'I, [2026-11-22T12:00:00.000000 #1]  INFO -- : x',
    '{"severity":"INFO","httpRequest":{}}',
    '[I 261122 12:00:00 web:2] 200 GET /',
    '2026-11-22 12:00:00.000 [info] <0.9.0> Server startup complete',
    '{"PRIORITY":"6","MESSAGE":"x"}',
  ],
  debug: [
    '1:M 22 Nov 2026 12:00:00.000 - Accepted 127.0.0.1:1',
    'DEBUG:asyncio:Using selector: EpollSelector',
    'time=x level=DEBUG msg=x',
    '{"level":"debug"}',
    '{"level":20}',
    'dbug: x.y[0]',
    'lvl=dbug msg=x',
    'DEBU[0000] x',
    '[Debug] x',
    '<15>1 - x',
  ],
  trace: [
    'TRACE x',
    '{"level":10}',
    'level=trace',
    'trce: x',
    '[12:00:00 VRB] x',
    '2026-11-22T12:00:00Z TRC x',
  ],
  unknown: [
    '',
    ' ',
    '\u001b[31m',
    '10.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "GET /error HTTP/1.1" 500 12 "-" "Mozilla/5.0"',
    '10.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "GET /ERROR HTTP/1.1" 404 12',
    'there was no error here',
    'errors are information',
    'DEBUG=1 npm start',
    'LOG_LEVEL=INFO',
    '--error-log=/x --log-level',
    '\tat com.acme.Shop.run(Shop.java:12)',
    'https://example.com/?x=ERROR',
    'TERROR and WARNINGS',
    'level=high severity=',
    '{"level":{"name":"x"}}',
    '{"message":"x"}',
    `${'x'.repeat(300)} ERROR`,
    'error:404',
    '<999>x',
    'E1122',
    '{"level":"',
    '{',
    '<3',
    'Log: not capitals',
  ],
};

describe('levelOf', () => {
  for (const name of LEVELS) {
    test(`${name}: as programs write it`, () => {
      expect(LINES[name].map((line) => [line, level(line)])).toEqual(LINES[name].map((line) => [line, name]));
    });
  }

  test('is one of the list for whatever bytes, and looks at no others', () => {
    const parts = fc.constantFrom(
      '{"',
      '"',
      'level',
      '=',
      ':',
      'error',
      '[',
      ']',
      '\u001b[',
      'm',
      '\\',
      '<',
      '1',
      '>',
      ' ',
      'M',
      'Error',
      '\t',
    );
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.array(parts, { maxLength: 14 }).map((all) => Buffer.from(all.join(''))),
    );
    fc.assert(
      fc.property(line, fc.uint8Array(), fc.uint8Array(), (line, before, after) => {
        const alone = levelOf(line, 0, line.length);
        expect(LEVELS).toContain(alone);
        const among = Buffer.concat([before, line, after]);
        expect(levelOf(among, before.length, before.length + line.length)).toBe(alone);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a field far behind in a JSON object is found, behind what is shown of a line it is not', () => {
    const filler = JSON.stringify({
      message: 'x "level":"debug" '.repeat(500),
      nested: [{ level: 'debug' }],
    });
    expect(level(`${filler.slice(0, -1)},"level":"warn"}`)).toBe('warn');
    const huge = JSON.stringify({ message: 'x'.repeat(20_000) });
    expect(level(`${huge.slice(0, -1)},"level":"warn"}`)).toBe('unknown');
  });
});
