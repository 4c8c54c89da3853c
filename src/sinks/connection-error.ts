/** What it means for a sink that a connection failed. */
import { AgentError, describeError, systemCode } from '../runtime/errors.js';

export const GOES_ON =
  'Delivery goes on by itself when it is there; nothing is lost while the journal has room.';

const TLS_TROUBLE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS|EPROTO|SIGNATURE|PRX_TLS/;
/** As OpenSSL says it of an answer that is text. */
const NOT_TLS = /wrong.version.number|packet.length.too.long/i;

/** SINK_REFUSED where TLS does not want it, else SINK_UNREACHABLE, retryable. `whom`: `Loki at http://…`, without secrets. */
export function connectionError(error: unknown, whom: string): AgentError {
  if (error instanceof AgentError) return error;
  const code = systemCode(error);
  if (code !== undefined && TLS_TROUBLE.test(code)) {
    const speaksPlain = NOT_TLS.test(`${code} ${describeError(error)}`);
    return new AgentError('SINK_REFUSED', `No TLS connection to ${whom}: ${code}.`, {
      remedy: speaksPlain
        ? 'What answers there speaks plain text: write http:// in url, leave tls out, or give the port that has TLS.'
        : 'Check tls.ca_file, tls.server_name and the certificates.',
      cause: error,
    });
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const { hostname } = error as { hostname?: string };
    const unknown = `${whom} cannot be reached: the name ${hostname ?? ''} cannot be resolved (${code}).`;
    return new AgentError('SINK_UNREACHABLE', unknown, {
      remedy: `Check the name, and the DNS and the network of where the agent runs. ${GOES_ON}`,
      retryable: true,
      cause: error,
    });
  }
  const happened = `${whom} cannot be reached (${code ?? describeError(error)}).`;
  return new AgentError('SINK_UNREACHABLE', happened, { remedy: GOES_ON, retryable: true, cause: error });
}
