/**
 * The one timer that no scope owns: it belongs to what lives as long as the process does, the agent's own log, and keeps
 * nothing alive. Answers how to cancel it.
 */
export function backgroundTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms).unref();
  return () => clearTimeout(timer);
}
