/** What it means where an address cannot be listened on. */
import { AgentError, describeError, systemCode } from './errors.js';

/** Why `host`:`port` cannot be listened on, and how to choose others. */
export function listenError(
  host: string,
  port: number,
  cause: unknown,
  how: { readonly port: string; readonly host: string },
): AgentError {
  const code = systemCode(cause);
  if (code === 'EADDRINUSE') {
    return new AgentError('PORT_TAKEN', `Port ${port} on ${host} is taken by another program.`, {
      remedy: `Stop that one, or choose another port with ${how.port}.`,
      cause,
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new AgentError('PORT_NOT_ALLOWED', `This user may not listen on port ${port}.`, {
      remedy: `Choose a port above 1023 with ${how.port}.`,
      cause,
    });
  }
  return new AgentError('PORT_NOT_ALLOWED', `Cannot listen on ${host}:${port} (${describeError(cause)}).`, {
    remedy: `Name an address of this machine with ${how.host}, such as 127.0.0.1.`,
    cause,
  });
}
