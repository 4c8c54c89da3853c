/** A source of type syslog. */
import { z } from 'zod';
import { duration, flag, path, size, text, whole } from '../../leaves.js';
import { section } from '../../section.js';
import type { SyslogSourceConfig, SyslogTlsConfig } from '../../types.js';
import { MIB, SECOND, TYPE } from '../shared.js';

const tls = section<SyslogTlsConfig>({
  certFile: [
    'cert_file',
    path('a file with a certificate in PEM form'),
    'Certificate, and those above it; a renewed one is taken within a minute.',
  ],
  keyFile: ['key_file', path('a file with a key in PEM form'), 'Key of the certificate.'],
  clientCaFile: [
    'client_ca_file',
    path('a file of certificates in PEM form').optional(),
    'Only senders with a certificate of these authorities; default: anybody.',
  ],
});

export const syslog = section<SyslogSourceConfig>({
  type: ['type', z.literal('syslog'), TYPE],
  host: [
    'host',
    text('a host name or address, such as 127.0.0.1').default('127.0.0.1'),
    'Address to listen on; 0.0.0.0 and :: are all of the machine.',
  ],
  tcpPort: ['tcp_port', whole(0, 65_535, 1514).default(1514), 'TCP port; 0: no TCP.'],
  udpPort: ['udp_port', whole(0, 65_535, 1514).default(1514), 'UDP port; 0: no UDP.'],
  tls: ['tls', tls.optional(), 'TLS on the TCP port.'],
  maxConnections: [
    'max_connections',
    whole(1, 10_000, 256).default(256),
    'Most TCP connections at a time; more are refused.',
  ],
  idleTimeoutMs: [
    'idle_timeout',
    duration(SECOND, '1h').optional(),
    'A TCP connection that is quiet for so long is closed; default: never.',
  ],
  maxLineBytes: ['max_line_bytes', size(1024, '64KiB', MIB).default(MIB / 16), 'Longer messages are cut.'],
  useMessageTime: [
    'use_message_time',
    flag().default(true),
    'Lines have the time that their message tells, where it tells a whole one, with year and zone; else when they came.',
  ],
});
