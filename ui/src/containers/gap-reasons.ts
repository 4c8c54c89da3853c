/** What a reader can do about gaps, by reason. Their meaning is said by the agent, in each gap's own sentence. */

const REMEDIES: Readonly<Record<string, string>> = {
  rotated:
    'Give its log a larger max-size or more files, or run the agent as root so that it reads the file itself.',
  skipped:
    'Give its log a larger max-size or more files, or run the agent as root so that it reads the file itself.',
  removed: 'Run the agent as root: then it reads the log file of a removed container to its end.',
  truncated: 'Let Docker rotate the log (max-size) instead of cutting the file short.',
  blind: 'Keep the agent running; a larger max-size bridges longer pauses.',
  descriptors: 'Raise the limit of open files, and see why reading waits: a slow disk, or a sink far behind.',
  non_blocking: 'Use mode=blocking for its logging driver, or a larger max-buffer-size.',
  overflow: 'Send syslog by TCP, or raise net.core.rmem_max on the host.',
  cap: 'Mend the sink, or raise journal.max_bytes.',
  damaged: 'Check the disk.',
};

/** Empty for a reason of another version. */
export function remedyOf(why: string): string {
  return Object.hasOwn(REMEDIES, why) ? REMEDIES[why] : '';
}
