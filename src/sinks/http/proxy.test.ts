import { expect, test } from 'vitest';
import { proxyFor } from './proxy.js';

const ENV = {
  HTTP_PROXY: 'http://web:3128',
  https_proxy: 'secure:3129',
  NO_PROXY: 'localhost, .corp.example,10.0.0.7:3100',
};

test.each([
  ['http://loki:3100', ENV, 'http://web:3128/'],
  ['https://loki', ENV, 'http://secure:3129/'],
  ['http://localhost:3100', ENV, undefined],
  ['http://loki.corp.example', ENV, undefined],
  ['http://corp.example', ENV, undefined],
  ['http://notcorp.example', ENV, 'http://web:3128/'],
  ['http://10.0.0.7:3100', ENV, undefined],
  ['http://10.0.0.7', ENV, 'http://web:3128/'],
  ['http://[::1]:3100', { ...ENV, NO_PROXY: '[::1]' }, undefined],
  ['http://loki', { ...ENV, no_proxy: '*' }, undefined],
  ['http://loki', { HTTP_PROXY: '' }, undefined],
  ['http://loki', {}, undefined],
])('%s', (url, env, expected) => {
  expect(proxyFor(new URL(url), undefined, env)?.href).toBe(expected);
});

test('what is configured decides alone', () => {
  expect(proxyFor(new URL('http://localhost'), 'http://mine:1', ENV)?.href).toBe('http://mine:1/');
});

test('what is no address is said without showing what it is', () => {
  for (const text of ['socks5://me:secret@x', 'me:secret@:1'])
    expect(() => proxyFor(new URL('http://loki'), text, {})).toThrow(/^proxy_url of the sink is no http/);
  expect(() => proxyFor(new URL('https://loki'), undefined, { HTTPS_PROXY: ':' })).toThrow(/^HTTPS_PROXY is/);
});
