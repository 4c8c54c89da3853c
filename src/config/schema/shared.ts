/** What several sections have in common: units, selectors, keys that mean the same everywhere. */
import { compileMatch } from '../../pipeline/match.js';
import { parseQuery } from '../../query/index.js';
import { type Leaf, leaf } from '../leaf.js';
import { flag, path, text } from '../leaves.js';
import { section } from '../section.js';
import type { TlsConfig } from '../types.js';

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const DAY = 86_400 * SECOND;

/** What `type` is for. */
export const TYPE = 'Which kind it is.';

/** A selector of streams. */
export const match = (): Leaf<string> =>
  leaf(
    {
      accepts: `a selector of streams, such as '{env="prod"}'`,
      json: { type: 'string', pattern: '^\\s*\\{' },
    },
    (value) => {
      if (typeof value === 'object' && value !== null)
        throw new SyntaxError(
          `without quotes the braces are a section to YAML; put it in quotes: match: '{env="prod"}'`,
        );
      if (typeof value !== 'string') return undefined;
      compileMatch(value);
      return value;
    },
  );
/** A query of lines. */
export const query = (): Leaf<string> =>
  leaf(
    { accepts: `a query, such as '{container="web"} |= "timeout"'`, json: { type: 'string' } },
    (value) => {
      if (typeof value !== 'string') return undefined;
      parseQuery(value);
      return value;
    },
  );

/** What `match` is for. */
export const MATCH =
  'Only streams with such labels (see Stream labels); in quotes, because of the braces. Default: all.';

/** Of a connection that the agent makes. */
export const tls = section<TlsConfig>({
  caFile: [
    'ca_file',
    path('a file of certificates in PEM form').optional(),
    'Whom to trust instead of the usual authorities.',
  ],
  certFile: [
    'cert_file',
    path('a file with a certificate in PEM form').optional(),
    'Certificate to show; needs key_file.',
  ],
  keyFile: ['key_file', path('a file with a key in PEM form').optional(), 'Key of the certificate.'],
  serverName: [
    'server_name',
    text('a host name').optional(),
    "Name that the server's certificate must have, where it is not the address's.",
  ],
  insecureSkipVerify: [
    'insecure_skip_verify',
    flag().default(false),
    'Trust any certificate: whoever is in between can read and change everything.',
  ],
});
