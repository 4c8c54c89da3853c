/** Which proxy a request goes through, by the variables that curl knows as well. */
import { AgentError } from '../../runtime/errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for `url`; undefined: none. `configured` decides alone where it is given. Throws CONFIG_INVALID. */
export function proxyFor(url: URL, configured: string | undefined, env: Environment): URL | undefined {
  if (configured !== undefined) return parse(configured, 'proxy_url of the sink');
  const name = `${url.protocol.slice(0, -1)}_proxy`;
  const found = env[name] ?? env[name.toUpperCase()];
  if (!found || isExcepted(url, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined;
  return parse(found.includes('://') ? found : `http://${found}`, name.toUpperCase());
}

function parse(text: string, where: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new AgentError('CONFIG_INVALID', `${where} is no http or https address.`, {
    remedy: 'Write it like http://127.0.0.1:3128.',
  });
}

/** NO_PROXY: `*`, or names and addresses with an optional port; a name stands for all that ends with it too. */
function isExcepted(url: URL, noProxy: string): boolean {
  const host = url.hostname.toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name, only] = /^(\[.*\]|.*?)(?::(\d+))?$/.exec(entry) ?? [];
      const suffix = name.replace(/^\*?\./, '');
      return (only === undefined || only === port) && (host === suffix || host.endsWith(`.${suffix}`));
    });
}
