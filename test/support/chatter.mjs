/**
 * What services of a small shop say, so that there is something to look at: access logs, JSON, logfmt, stack traces,
 * colours, the forms that databases use. In a container of the test image, as fast as `pace` says:
 *   node chatter.mjs <service> <first number> <pace>
 */
import { writeSync } from 'node:fs';
import path from 'node:path';

const PATHS = [
  '/',
  '/products',
  '/products/4711',
  '/cart',
  '/checkout',
  '/api/v1/orders',
  '/static/app.css',
  '/health',
];
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Firefox/146.0', 'curl/8.14.1', 'kube-probe/1.34'];
const WORDS = ['desk lamp', 'kettle', 'notebook', 'bicycle bell', 'rain jacket', 'tea, green'];
const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const YELLOW = '\u001b[33m';
const CYAN = '\u001b[36m';
const DIM = '\u001b[2m';
const PLAIN = '\u001b[0m';

function hash(n, salt) {
  let h = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(salt + 7, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
const pick = (list, n) => list[n % list.length];
const out = (line) => ({ stream: 'stdout', line });
const err = (line) => ({ stream: 'stderr', line });
const clock = (date) => date.toISOString().replace('T', ' ').slice(0, 23);

/** Service → its n-th saying at a time: one line or several. */
const SERVICES = {
  web(n, date) {
    const r = hash(n, 1);
    const status = r % 61 === 0 ? 502 : r % 29 === 0 ? 404 : r % 13 === 0 ? 304 : 200;
    const day = date.toUTCString().slice(5, 16).replaceAll(' ', '/');
    const line = `10.0.${r % 4}.${r % 250} - - [${day}:${date.toISOString().slice(11, 19)} +0000] "${r % 9 ? 'GET' : 'POST'} ${pick(PATHS, r >>> 3)} HTTP/1.1" ${status} ${r % 9_000} "-" "${pick(AGENTS, r >>> 5)}"`;
    if (status !== 502) return [out(line)];
    const stamp = clock(date).replaceAll('-', '/').slice(0, 19);
    return [
      out(line),
      err(
        `${stamp} [error] 31#31: *${n} connect() failed (111: Connection refused) while connecting to upstream, upstream: "http://10.0.0.7:3000${pick(PATHS, r >>> 3)}"`,
      ),
    ];
  },
  api(n, date) {
    const r = hash(n, 2);
    const level = r % 47 === 0 ? 'error' : r % 17 === 0 ? 'warn' : r % 5 === 0 ? 'debug' : 'info';
    const said = {
      error: { msg: 'payment declined', code: 'card_expired', retry: false },
      warn: { msg: 'slow query', table: 'orders', ms: 900 + (r % 900) },
      debug: { msg: 'cache miss', key: `product:${r % 5_000}`, ttl: 300 },
      info: {
        msg: 'order placed',
        order: 40_000 + n,
        customer: `c-${r % 900}`,
        total: (r % 20_000) / 100,
        items: [{ name: pick(WORDS, r), count: 1 + (r % 3) }],
      },
    }[level];
    return [
      out(
        JSON.stringify({
          level,
          time: date.toISOString(),
          service: 'api',
          trace: r.toString(16).padStart(8, '0'),
          ...said,
          ms: r % 250,
        }),
      ),
    ];
  },
  checkout(n, date) {
    const r = hash(n, 3);
    const head = (level) =>
      `${clock(date)} ${level.padStart(5)} 1 --- [nio-8080-exec-${1 + (r % 8)}] c.shop.checkout.PaymentService  `;
    if (r % 19 !== 0)
      return [out(`${head(r % 11 ? 'INFO' : 'DEBUG')}: charged order ${40_000 + n} in ${r % 400} ms`)];
    return [
      err(`${head('ERROR')}: could not charge order ${40_000 + n}`),
      err('java.net.SocketTimeoutException: Read timed out'),
      err('\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)'),
      err('\tat java.base/java.net.Socket$SocketInputStream.read(Socket.java:1099)'),
      err(`\tat com.shop.checkout.BankClient.post(BankClient.java:${40 + (r % 60)})`),
      err('\tat com.shop.checkout.PaymentService.charge(PaymentService.java:112)'),
      err('\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1144)'),
      err('Caused by: java.io.IOException: connection reset by peer'),
      err('\tat com.shop.checkout.Connection.write(Connection.java:77)'),
      err('\t... 14 more'),
    ];
  },
  postgres(n, date) {
    const r = hash(n, 4);
    const head = `${clock(date)} UTC [${60 + (r % 9)}]`;
    if (r % 23 === 0)
      return [
        err(`${head} ERROR:  duplicate key value violates unique constraint "orders_pkey"`),
        err(`${head} DETAIL:  Key (id)=(${40_000 + n}) already exists.`),
        err(`${head} STATEMENT:  INSERT INTO orders (id, customer, total) VALUES ($1, $2, $3)`),
      ];
    if (r % 31 === 0)
      return [
        err(`${head} FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute`),
      ];
    return [
      err(
        `${head} LOG:  ${r % 3 ? `duration: ${(r % 90_000) / 100} ms  statement: SELECT * FROM products WHERE id = ${r % 5_000}` : `checkpoint complete: wrote ${r % 400} buffers (${((r % 300) / 100).toFixed(1)}%)`}`,
      ),
    ];
  },
  worker(n, date) {
    const r = hash(n, 5);
    const level = r % 37 === 0 ? 'error' : r % 13 === 0 ? 'warning' : 'info';
    const msg = { error: 'gave up after 5 attempts', warning: 'queue is long', info: 'job done' }[level];
    return [
      out(
        `time=${date.toISOString()} level=${level} msg="${msg}" queue=${r % 2 ? 'mail' : 'invoices'} job=${n} took=${r % 3_000}ms`,
      ),
    ];
  },
  mailer(n, date) {
    const r = hash(n, 6);
    const [colour, level] =
      r % 29 === 0 ? [RED, 'ERROR'] : r % 11 === 0 ? [YELLOW, ' WARN'] : [GREEN, ' INFO'];
    return [
      out(
        `${DIM}${date.toISOString()}${PLAIN} ${colour}${level}${PLAIN} ${CYAN}mailer::smtp${PLAIN}: ${r % 29 === 0 ? 'mailbox unavailable' : 'sent'} ${DIM}to${PLAIN}=customer-${r % 900}@example.org ${DIM}size${PLAIN}=${r % 90_000}`,
      ),
    ];
  },
  redis(n, date) {
    const r = hash(n, 7);
    const day = date.toUTCString().slice(5, 16);
    const text =
      r % 17 === 0
        ? '# WARNING Memory overcommit must be enabled!'
        : r % 2
          ? `* ${1 + (r % 900)} changes in 60 seconds. Saving...`
          : '* Background saving terminated with success';
    return [out(`1:M ${day} ${date.toISOString().slice(11, 23)} ${text}`)];
  },
  importer(n) {
    const r = hash(n, 8);
    if (r % 41 === 0)
      return [
        err('Traceback (most recent call last):'),
        err('  File "/app/importer.py", line 88, in run'),
        err('    row = parse(line)'),
        err('  File "/app/parse.py", line 23, in parse'),
        err('    price = Decimal(fields[4])'),
        err("decimal.InvalidOperation: [<class 'decimal.ConversionSyntax'>]"),
      ];
    // Longer than most receivers like it: what is left of it becomes a dead letter where the limit is low.
    if (r % 53 === 0)
      return [out(`DEBUG:importer:row ${n} ${JSON.stringify({ raw: `${pick(WORDS, r)};`.repeat(40) })}`)];
    return [out(`INFO:importer:imported row ${n} "${pick(WORDS, r)}"`)];
  },
};

export const CHATTER_SERVICES = Object.keys(SERVICES);

export function chatter(service, n, date) {
  return SERVICES[service](n, date);
}

/** Milliseconds after the n-th saying: bursts and pauses, on average as given. */
export function pauseAfter(n, meanMs) {
  const r = hash(n, 9);
  return n % 97 < 24 ? meanMs / 4 : (meanMs * (50 + (r % 150))) / 100;
}

if (process.argv[1] && path.basename(process.argv[1]) === 'chatter.mjs') {
  const [service, first, meanMs] = process.argv.slice(2);
  let n = Number(first);
  const speak = () => {
    for (const { stream, line } of chatter(service, n, new Date()))
      writeSync(stream === 'stdout' ? 1 : 2, `${line}\n`);
    setTimeout(speak, pauseAfter(n++, Number(meanMs)));
  };
  speak();
}
