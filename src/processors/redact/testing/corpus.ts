/**
 * 300 secrets and 300 texts that look like some, in lines as programs write them. Made here, from a seed or by hand, and put
 * together at run time: nothing in this file is a secret, or looks like one to whoever scans it.
 */
import { createHash } from 'node:crypto';

export interface SecretLine {
  readonly rule: string;
  readonly line: string;
  /** What must not be found any more; no part of it that tells something. */
  readonly secret: string;
}

export const CORPUS_SIZE = 300;

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const ALNUM = DIGITS + LOWER + UPPER;
const HEX = '0123456789abcdef';

/** Reproducible: as a hash in counter mode. */
class Dice {
  #counter = 0;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
  }

  below(limit: number): number {
    const hash = createHash('sha256')
      .update(`${this.#seed}/${this.#counter++}`)
      .digest();
    return hash.readUInt32LE(0) % limit;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  text(length: number, alphabet = ALNUM): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('');
  }
}

/** `number` with Luhn's check digit in the place of its last one. */
function withCheckDigit(number: string): string {
  const digits = Array.from(number.slice(0, -1), Number).reverse();
  const sum = digits.reduce((sum, digit, i) => {
    const value = i % 2 === 0 ? digit * 2 : digit;
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return number.slice(0, -1) + ((10 - (sum % 10)) % 10);
}

function ibanOf(country: string, account: string): string {
  const digits = Array.from(`${account}${country}00`, (char) => Number.parseInt(char, 36)).join('');
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${account}`;
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const inFours = (text: string, sign: string): string => (text.match(/.{1,4}/g) ?? []).join(sign);

type Maker = (dice: Dice) => string;

const VISA: Maker = (dice) => withCheckDigit(`4${dice.text(15, DIGITS)}`);
const AMEX: Maker = (dice) => withCheckDigit(`3${dice.of(['4', '7'])}${dice.text(13, DIGITS)}`);
const MASTERCARD: Maker = (dice) => withCheckDigit(`5${dice.text(1, '12345')}${dice.text(14, DIGITS)}`);

const TOKENS: readonly (readonly [rule: string, make: Maker])[] = [
  ['credit_card', VISA],
  ['credit_card', (dice) => inFours(MASTERCARD(dice), ' ')],
  ['credit_card', (dice) => inFours(VISA(dice), '-')],
  ['credit_card', AMEX],
  [
    'email',
    (dice) =>
      `${dice.text(6, LOWER)}.${dice.text(7, LOWER)}@${dice.text(8, LOWER)}.${dice.of(['com', 'org', 'de', 'co.uk', 'io'])}`,
  ],
  ['email', (dice) => `${dice.text(4, LOWER)}+${dice.text(3, DIGITS)}@mail.${dice.text(6, LOWER)}.net`],
  ['iban', (dice) => ibanOf('DE', dice.text(18, DIGITS))],
  ['iban', (dice) => inFours(ibanOf('FR', dice.text(23, DIGITS)), ' ')],
  ['iban', (dice) => ibanOf('GB', dice.text(4, UPPER) + dice.text(14, DIGITS))],
  ['jwt', (dice) => jwt(dice, { sub: dice.text(10, DIGITS), exp: 1_900_000_000 })],
  ['jwt', (dice) => jwt(dice, { iss: 'https://id.example.org', scope: 'read write', jti: dice.text(20) })],
  ['aws', (dice) => ['AK', 'IA'].join('') + dice.text(16, UPPER + '234567')],
  ['aws', (dice) => ['AS', 'IA'].join('') + dice.text(16, UPPER + '234567')],
  ['gcp', (dice) => ['AI', 'za'].join('') + dice.text(35, `${ALNUM}_-`)],
  ['gcp', (dice) => ['ya', '29.'].join('') + dice.text(60, `${ALNUM}_-`)],
  ['github', (dice) => ['gh', 'p_'].join('') + dice.text(36)],
  ['github', (dice) => ['gh', 's_'].join('') + dice.text(36)],
  ['github', (dice) => `${['github', 'pat', ''].join('_')}${dice.text(22)}_${dice.text(59)}`],
  ['gitlab', (dice) => ['gl', 'pat-'].join('') + dice.text(20, `${ALNUM}_-`)],
  [
    'slack',
    (dice) => `${['xo', 'xb-'].join('')}${dice.text(12, DIGITS)}-${dice.text(12, DIGITS)}-${dice.text(24)}`,
  ],
  ['slack', (dice) => `T${dice.text(8, UPPER + DIGITS)}/B${dice.text(8, UPPER + DIGITS)}/${dice.text(24)}`],
  ['stripe', (dice) => ['sk', 'live', ''].join('_') + dice.text(24)],
  ['npm', (dice) => ['np', 'm_'].join('') + dice.text(36)],
  ['pypi', (dice) => ['pypi', 'AgEIcHlwaS5vcmc'].join('-') + dice.text(70, `${ALNUM}_-`)],
  ['api_key', (dice) => ['sk', 'ant', ''].join('-') + dice.text(40, `${ALNUM}_-`)],
];

function jwt(dice: Dice, claims: object): string {
  const header = dice.of([
    { alg: 'HS256', typ: 'JWT' },
    { alg: 'RS256', kid: dice.text(8) },
    { typ: 'JWT', alg: 'ES256' },
  ]);
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}.${dice.text(43, `${ALNUM}_-`)}`;
}

/** Lines with a place for a token: what stands around it is nothing that a rule goes by. */
const PLACES: readonly ((token: string) => string)[] = [
  (token) => `{"level":"warn","time":"2026-11-22T16:07:26.123Z","msg":"rejected","value":"${token}","n":4}`,
  (token) => `time=2026-11-22T16:07:26Z level=info msg="call upstream" arg=${token} status=200`,
  (token) =>
    `10.0.0.7 - - [22/Nov/2026:16:07:26 +0000] "GET /v1/items?x=${encodeURI(token)}&page=2 HTTP/1.1" 200 512`,
  (token) => `ERROR: cannot use ${token}: 403 Forbidden`,
  (token) => `java.lang.IllegalArgumentException: bad input "${token}" at com.acme.Pay.run(Pay.java:41)`,
  (token) => `  value: ${token}`,
  (token) => `User{id=17, ref=${token}, active=true}`,
  (token) => `["first","${token}","last"]`,
  (token) => `INSERT INTO t (a, b) VALUES (17, '${token}');`,
  (token) => `body={\\"ref\\":\\"${token}\\",\\"n\\":1}`,
  (token) => `see (${token}), then retry.`,
  (token) => token,
  (token) => `got <ref>${token}</ref> from peer`,
  (token) => `Reference ${token}.`,
  (token) => `a\tb\t${token}\tc`,
];

/** Of a slack hook the whole URL stands in the line. */
function placed(rule: string, token: string): string {
  return rule === 'slack' && token.startsWith('T')
    ? `https://${['hooks', 'slack', 'com'].join('.')}/services/${token}`
    : token;
}

function tokenLines(dice: Dice, count: number): SecretLine[] {
  return Array.from({ length: count }, (_, i) => {
    const [rule, make] = TOKENS[i % TOKENS.length];
    const token = make(dice);
    const place = PLACES[(i + Math.floor(i / TOKENS.length)) % PLACES.length];
    const line = place(placed(rule, token));
    return { rule, line, secret: line.includes(token) ? token : encodeURI(token) };
  });
}

/** Passwords as people and programs choose them. */
const PASSWORDS: readonly Maker[] = [
  (dice) => `${dice.text(6, LOWER)}${dice.text(3, DIGITS)}`,
  (dice) => `${dice.text(1, UPPER)}${dice.text(7, LOWER)}!`,
  (dice) => dice.text(16, `${ALNUM}%^*_-`),
  (dice) => `${dice.text(5, LOWER)}-${dice.text(6, LOWER)}-${dice.text(4, LOWER)}`,
  (dice) => `${dice.text(4, LOWER)}$${dice.text(4)}#${dice.text(2, DIGITS)}`,
  (dice) => dice.text(12, LOWER),
];

/** Lines that say what it is. */
const NAMED: readonly (readonly [rule: string, line: (secret: string) => string, make?: Maker])[] = [
  ['credentials', (s) => `login attempt user=max password=${s} ip=10.0.0.7`],
  ['credentials', (s) => `{"event":"login","user":"max","password":"${s}"}`],
  ['credentials', (s) => `{"event":"login","body":"{\\"user\\":\\"max\\",\\"password\\":\\"${s}\\"}"}`],
  ['credentials', (s) => `  db_password: ${s}`],
  ['credentials', (s) => `export POSTGRES_PASSWORD="${s}"`],
  ['credentials', (s) => `POST /login?user=max&passwd=${encodeURIComponent(s)}&next=%2Fhome 302`],
  ['credentials', (s) => `running: backup --user root --password ${s} --all`],
  ['credentials', (s) => `running: backup --password=${s} --all`],
  ['credentials', (s) => `Server=db01;Database=shop;User Id=sa;Password=${s};Encrypt=true`],
  ['credentials', (s) => `Config{url='jdbc:h2:mem', username='sa', password='${s}'}`],
  ['credentials', (s) => `Parameters: {"user"=>{"name"=>"max", "password"=>"${s}"}}`],
  ['credentials', (s) => `DEBUG settings: {'DB_USER': 'app', 'DB_PASS': '${s}'}`],
  ['credentials', (s) => `<user>max</user><password>${s}</password>`],
  ['credentials', (s) => `env: [{"name":"REDIS_PASSWORD","value":"${s}"}]`],
  ['credentials', (s) => `keystore opened, keyStorePassword=${s}`],
  ['credentials', (s) => `passphrase = "${s}"`],
  ['credentials', (s) => `x-api-key: ${s}`, (dice) => dice.text(32, HEX)],
  [
    'credentials',
    (s) => `client_id=web client_secret=${s} grant_type=client_credentials`,
    (dice) => dice.text(32),
  ],
  [
    'credentials',
    (s) => `{"access_token":"${s}","token_type":"opaque","expires_in":3600}`,
    (dice) => dice.text(40),
  ],
  ['credentials', (s) => `{"refreshToken": "${s}"}`, (dice) => dice.text(48, `${ALNUM}_-`)],
  ['credentials', (s) => `APP_SECRET=${s}`, (dice) => dice.text(40, HEX)],
  ['credentials', (s) => `GET /feed?token=${s}&limit=5`, (dice) => dice.text(24)],
  ['credentials', (s) => `authorization: Token ${s}`, (dice) => dice.text(40, HEX)],
  ['credentials', (s) => `encryption_key: '${s}'`, (dice) => dice.text(44)],
  ['url_password', (s) => `connecting to postgres://app:${encodeURIComponent(s)}@db:5432/shop?sslmode=off`],
  ['url_password', (s) => `DATABASE_URL="mysql://root:${encodeURIComponent(s)}@10.0.0.5/shop"`],
  ['url_password', (s) => `redis://:${encodeURIComponent(s)}@cache:6379/0 connected`],
  ['url_password', (s) => `amqp://guest:${encodeURIComponent(s)}@mq.internal:5672/%2f`],
  ['url_password', (s) => `fetch https://bot:${encodeURIComponent(s)}@git.example.org/a/b.git failed`],
  ['url_password', (s) => `mongodb+srv://app:${encodeURIComponent(s)}@c0.example.net/test`],
  ['url_password', (s) => `dsn app:${s.replaceAll('@', 'x')}@tcp(127.0.0.1:3306)/shop`],
  ['bearer', (s) => `> Authorization: Bearer ${s}`, (dice) => dice.text(32)],
  [
    'bearer',
    (s) => `{"headers":{"authorization":"Bearer ${s}","accept":"*/*"}}`,
    (dice) => dice.text(40, HEX),
  ],
  [
    'bearer',
    (s) => `curl -H "Authorization: bearer ${s}" https://api.example.org`,
    (dice) => dice.text(48, `${ALNUM}._-`),
  ],
  ['bearer', (s) => `headers: [b'Authorization', b'Bearer ${s}']`, (dice) => dice.text(28)],
  ['basic', (s) => `Authorization: Basic ${s}`, (dice) => basic(dice)],
  ['basic', (s) => `{"Authorization":["Basic ${s}"]}`, (dice) => basic(dice)],
  ['basic', (s) => `proxy-authorization: basic ${s}`, (dice) => basic(dice)],
  ['aws', (s) => `aws_secret_access_key = ${s}`, (dice) => dice.text(40, `${ALNUM}/+`)],
  ['aws', (s) => `{"AccessKeyId":"x","SecretAccessKey":"${s}"}`, (dice) => dice.text(40, `${ALNUM}/+`)],
  ['aws', (s) => `AWS_SESSION_TOKEN=${s}`, (dice) => dice.text(200, `${ALNUM}/+`)],
  [
    'azure',
    (s) => `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${s};EndpointSuffix=core.windows.net`,
    (dice) => `${dice.text(86, `${ALNUM}/+`)}==`,
  ],
  [
    'azure',
    (s) => `Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${s}`,
    (dice) => `${dice.text(43, `${ALNUM}/+`)}=`,
  ],
  [
    'azure',
    (s) => `GET https://acme.blob.core.windows.net/c/b?sv=2025-01-05&se=2026-12-01&sr=b&sp=r&sig=${s}`,
    (dice) => `${dice.text(20)}%2B${dice.text(20)}%3D`,
  ],
  [
    'azure',
    (s) => `using secret ${s} of app`,
    (dice) => `${dice.text(3)}8Q~${dice.text(34, `${ALNUM}._~-`)}`,
  ],
  [
    'private_key',
    (s) => `loaded ${pem('BEGIN', 'RSA ')}\\n${s}\\n${pem('END', 'RSA ')}\\n`,
    (dice) => dice.text(64, `${ALNUM}/+`),
  ],
  [
    'private_key',
    (s) => `{"type":"service_account","private_key":"${pem('BEGIN')}\\n${s}\\n${pem('END')}\\n"}`,
    (dice) => dice.text(64, `${ALNUM}/+`),
  ],
  ['private_key', (s) => `key: ${pem('BEGIN', 'EC ')} ${s}`, (dice) => dice.text(64, `${ALNUM}/+`)],
  ['private_key', (s) => `${s} ${pem('END', 'OPENSSH ')} loaded`, (dice) => dice.text(64, `${ALNUM}/+`)],
  [
    'private_key',
    (s) => `${pem('BEGIN', 'ENCRYPTED ')}\n${s}\n${pem('END', 'ENCRYPTED ')}`,
    (dice) => dice.text(64, `${ALNUM}/+`),
  ],
  [
    'email',
    (s) => `recipients=${s},ops`,
    (dice) => `${dice.text(8, LOWER)}@${dice.text(6, LOWER)}.example.com`,
  ],
  [
    'email',
    (s) => `GET /unsubscribe?mail=${s} 200`,
    (dice) => `${dice.text(8, LOWER)}%40${dice.text(6, LOWER)}.org`,
  ],
];

function basic(dice: Dice): string {
  return Buffer.from(`${dice.text(5, LOWER)}:${dice.text(10)}`).toString('base64');
}

function pem(side: 'BEGIN' | 'END', kind = ''): string {
  return [`-----${side} ${kind}PRIVATE`, 'KEY-----'].join(' ');
}

function namedLines(dice: Dice, count: number): SecretLine[] {
  return Array.from({ length: count }, (_, i) => {
    const [rule, write, make = PASSWORDS[i % PASSWORDS.length]] = NAMED[i % NAMED.length];
    const secret = make(dice);
    const line = write(secret);
    const written = [secret, encodeURIComponent(secret), secret.replaceAll('@', 'x')].find((s) =>
      line.includes(s),
    );
    return { rule, line, secret: written ?? secret };
  });
}

export function secretLines(): SecretLine[] {
  const dice = new Dice('secrets');
  return [...tokenLines(dice, CORPUS_SIZE / 2), ...namedLines(dice, CORPUS_SIZE / 2)];
}

/** Numbers, hashes and the like, as they are in every log. */
const HARMLESS: readonly Maker[] = [
  (dice) => `trace_id=${dice.text(32, HEX)} span_id=${dice.text(16, HEX)} sampled=1`,
  (dice) => `{"request_id":"${uuid(dice)}","duration_ms":${dice.below(9000)},"status":200}`,
  (dice) => `commit ${dice.text(40, HEX)} on main`,
  (dice) => `pulled acme/web@sha256:${dice.text(64, HEX)}`,
  (dice) => `order ORD-${dice.text(16, DIGITS)} shipped`,
  (dice) => `order 1${dice.text(15, DIGITS)} of customer ${dice.text(8, DIGITS)} shipped`,
  (dice) => `ts=17${dice.text(11, DIGITS)} ns=17${dice.text(17, DIGITS)} seq=${dice.text(6, DIGITS)}`,
  (dice) =>
    `dd.trace_id=${dice.of(['4', '5', '3', '6'])}${dice.text(18, DIGITS)} dd.span_id=${dice.text(18, DIGITS)}`,
  (dice) => `data:image/png;base64,${dice.text(120, `${ALNUM}/+`)}==`,
  (dice) => `etag "${dice.text(32, HEX)}-${dice.below(9)}" cache hit`,
  (dice) =>
    `thread-${dice.below(40)} com.acme.Cart@${dice.text(8, HEX)} allocated ${dice.text(9, DIGITS)} bytes`,
  (dice) => `phone +49 ${dice.text(3, DIGITS)} ${dice.text(8, DIGITS)} called back`,
  (dice) =>
    `ean 40${dice.text(11, DIGITS)} isbn 978-3-${dice.text(4, DIGITS)}-${dice.text(4, DIGITS)}-${dice.below(9)}`,
  (dice) => `card ending ${dice.text(4, DIGITS)}, masked ************${dice.text(4, DIGITS)}, declined`,
  (dice) =>
    `mac ${(dice.text(12, HEX).match(/../g) ?? []).join(':')} got 192.168.${dice.below(255)}.${dice.below(255)}`,
  (dice) => `session cookie sid=s%3A${dice.text(20)} path=/ HttpOnly`,
  (dice) =>
    `pod web-${dice.text(10, LOWER + DIGITS)}-${dice.text(5, LOWER + DIGITS)} scheduled on node-${dice.below(90)}`,
  (dice) => `cursor=eyJ${dice.text(40)} next page of 50`,
  (dice) => `invoice DE${dice.text(20, DIGITS)} wrong check digits`,
  (dice) => `snapshot s3://bucket/${dice.text(4, HEX)}/${dice.text(32, HEX)}.parquet written`,
  (dice) => `gps 48.${dice.text(14, DIGITS)} 11.${dice.text(14, DIGITS)} altitude 519`,
  (dice) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${dice.text(43, `${ALNUM}/+`)} host key`,
  (dice) => `build 2026.11.22-${dice.below(99)}+${dice.text(7, HEX)} go1.23.${dice.below(9)} linux/amd64`,
  (dice) => `${uuid(dice)} ${uuid(dice)} merged`,
  (dice) => `page_token=${dice.text(44)} continue_token=${dice.text(20)}`,
];

function uuid(dice: Dice): string {
  return [8, 4, 4, 4, 12].map((length) => dice.text(length, HEX)).join('-');
}

/** By hand: what names of rules and words of secrets stand in, and is none. */
const PROSE: readonly string[] = [
  'password: must be at least 8 characters',
  'Invalid password: the user max is not known',
  'password=*** user=max',
  'password=[FILTERED] user=max',
  '{"user":"max","password":"********"}',
  '{"user":"max","password":null,"token":""}',
  'password: required',
  'Password: ',
  'PWD=/var/www OLDPWD=/root SHELL=/bin/sh',
  'pass=12 fail=0 skip=3',
  'tests: pass: 112, fail: 3',
  'bypass=true compass=north',
  'max_tokens=4096 temperature=0.7',
  'tokens: 1532 prompt, 220 completion',
  'unexpected token: identifier',
  "SyntaxError: Unexpected token '}', expected ','",
  'token bucket: 100 per second, burst=200',
  'token=true csrf=false',
  'token expired, refreshing',
  'cancellationToken: System.Threading.CancellationToken',
  'secret: my-tls-cert not found in namespace default',
  'mounting secret "default/db-creds" at /etc/creds',
  'secretName: web-tls',
  'secretKeyRef: {name: db, key: url}',
  'partition_key=42 sort_key=2026-11-22',
  'primary_key=id foreign_key=user_id',
  'cache key: user:17:profile, ttl=300',
  'public_key: ssh-rsa',
  'public_key=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
  'api_key missing in request',
  'api_key=${API_KEY}',
  'apiKey: {{ .Values.apiKey }}',
  'API_KEY=<your key here>',
  'password=$DB_PASSWORD',
  'password=${DB_PASSWORD:-}',
  'printf "password=%s\\n"',
  'WWW-Authenticate: Bearer realm="api", error="invalid_token"',
  'WWW-Authenticate: Basic realm="Restricted"',
  'Bearer authentication failed',
  'bearer token missing or malformed',
  'the bearer of this ring',
  'Basic authentication is disabled',
  'basic health check passed',
  'Basic usage: app [options]',
  'Authorization: missing',
  'authorization header not found',
  'Authorization failed for user max',
  'git@git.example.org:acme/web.git cloned',
  'origin ssh://git@git.example.org/acme/web.git (fetch)',
  'left-pad@1.3.0 installed, @types/node@20.11.5 too',
  'icon@2x.png served in 3 ms',
  'Started getty@tty1.service.',
  'user@1000.service: Succeeded.',
  'root@10.0.0.5 logged in',
  'deploy@web-1:~$ ls',
  'at com.acme.Main.lambda$main$0(Main.java:12)',
  'java.lang.Object@1b6d3586 finalized',
  '@Autowired bean userService created',
  'mention @max in #ops',
  'https://example.org/@max/posts/17',
  'postgres://app@db:5432/shop',
  'postgres://app:***@db:5432/shop',
  'postgres://app:xxxxx@db:5432/shop',
  'http://localhost:8080/path?x=1@2',
  'https://host:443/a:b@c',
  'listening on http://127.0.0.1:8401/',
  'redis://cache:6379/0 connected',
  'time 16:07:26@22.11.2026',
  '-----BEGIN CERTIFICATE-----',
  '-----BEGIN PUBLIC KEY-----',
  '-----END CERTIFICATE-----',
  '----- BEGIN DUMP -----',
  'subject: CN=private key infrastructure',
  'GB29 is a road and not an account',
  'DE89 3704 0044 0532 0130 01 has wrong digits',
  'route A12 34, flight LH1234567890123456',
  'card 4111 1111 1111 1112 has a wrong digit',
  'range 4000-4999 5000-5999 6000-6999',
  '4 8 15 16 23 42 4815 1623',
  'years 1999-2000-2001-2002',
  'coordinates 4012 8888 north',
  '5500 0000 rows in 3400 ms',
  'sum 4111111111111111.25 is a number',
  '0.4111111111111111',
  'port=5432 db=4 id=4222222222',
  'AKIA is the prefix of such ids',
  'set AWS_ACCESS_KEY_ID=AKIAXXXXXXXXXXXXXXXX first',
  'AIzaShort',
  'ghp_short is too short',
  'npm_config_cache=/home/node/.npm-cache',
  'npm_package_name=web npm_lifecycle_event=start',
  'sk_test table has 3 rows',
  'pk_live_ keys are published',
  'xoxo from the team',
  'whsec is set',
  'hf_hub downloads 3 files',
  'SG.region is eu-central-1',
  'pypi-mirror is up',
  'glpat- prefix expected',
  'https://hooks.slack.com/ is not reachable',
  'hooks.slack.com/services is blocked by policy',
  'eyJ is how JSON begins in base64',
  'eyJhbGciOiJIUzI1NiJ9 alone is a header',
  'file eyJson.ext.min.js loaded',
  'sig=abcd user=17',
  'signature=valid alg=RS256',
  'design=flat config=base',
  'AccountKeyName=Root',
  'SharedAccessKeyName=RootManage',
  'author=max auth=none authority=ca',
  'oauth: disabled',
  'loading credentials from /root/.aws/credentials',
  'credential provider chain: env, file, instance',
  'private_key_path=/etc/ssl/key.pem',
  'ssl_certificate_key /etc/nginx/key.pem;',
  'passwordFile: /run/secrets/db',
  'password_file=/run/secrets/db',
  'password_hash_algorithm=argon2id',
  'password changed for user max',
  'reset password email queued',
  'forgot-password?step=2',
  'GET /password/new 200',
  'enter passphrase for key',
  'keyboard=us monkey=1 turkey=2',
  'hotkey=ctrl+s',
  'SELECT * FROM tokens WHERE id = 17',
  'Tokenizer: 12 rules',
  'ETag: W/"5f-aa" If-None-Match: *',
  'access_key_age_days=40',
  'secret_count=3 secret_version=7',
  'next_page_token=CAUQAA',
  'sync_token=1234',
  'idempotency-key: order-17',
  'Sec-WebSocket-Version: 13',
  'Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==',
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 verified',
  'integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
  'pid 4242 tid 5353 uid 1000 gid 1000',
  'Set-Cookie: theme=dark; Path=/; Secure',
  '==> password <== section of the manual',
  'a==b c!=d e:=f g::h',
  'std::token::kind == std::secret::none',
  'the secret of success: work',
  'cost: 4.99 EUR, vat: 19 %',
  'x:password:x',
];

export function lookAlikes(): string[] {
  const dice = new Dice('look-alikes');
  const made = Array.from({ length: CORPUS_SIZE - PROSE.length }, (_, i) =>
    HARMLESS[i % HARMLESS.length](dice),
  );
  return [...PROSE, ...made];
}
