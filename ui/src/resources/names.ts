/** What series are called. */

const NAMES: Readonly<Record<string, string>> = {
  rssBytes: 'memory of the process',
  heapUsedBytes: 'heap',
  fds: 'open descriptors',
  eventLoopDelayP99Ms: 'delay of the event loop',
  cpuPercent: 'processor time',
};

const KINDS: Readonly<Record<string, string>> = {
  scope: 'scopes',
  task: 'tasks',
  timer: 'timers',
  watcher: 'watches',
  file: 'files',
  socket: 'sockets',
  server: 'servers',
  request: 'requests',
  worker: 'workers',
  process: 'programs',
  listener: 'listeners',
};

/** `owned.timer` is `timers`; what is not known is called what it is. */
export function nameOf(series: string): string {
  const kind = series.replace(/^owned\./, '');
  return own(NAMES, series) ?? own(KINDS, kind) ?? kind;
}

function own(names: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined;
}
