/** The forms of what the API answers, each by the name that the document gives it. */
import {
  anything,
  byName,
  count,
  flag,
  list,
  maybe,
  number,
  object,
  oneOf,
  orNull,
  type Schema,
  text,
  time,
  whole,
} from './schema.js';

const labels = byName(text());
const byReason = byName(count(), 'Lines by reason.');
const level = oneOf(['critical', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'], 'Found when read.');

const ErrorAnswer = object({
  error: object({
    code: text('One of a closed list, see docs/errors.md.'),
    message: text(),
    remedy: maybe(text('What the caller can do.')),
    at: maybe(count('Which character of a query is wrong, counted from 1.')),
  }),
});

const Build = object({
  version: text(),
  revision: text('Of the repository; unknown where there was none.'),
  digest: text('Of the sources that it was built from.'),
  dirty: flag('The sources were changed since that revision.'),
});

const BuildNow = object({
  ...(Build.properties as Readonly<Record<string, Schema>>),
  onDisk: orNull(text('Digest of the program that lies on the disk now; null where there is none.')),
});

const Health = object({
  status: oneOf(['healthy', 'degraded', 'unhealthy']),
  components: maybe(
    byName(
      object({
        state: oneOf(['healthy', 'degraded', 'unhealthy']),
        reason: text('What is wrong and what to do; empty where nothing is.'),
        since: number('Milliseconds since 1970.'),
      }),
      'For who is logged in.',
    ),
  ),
  build: maybe(Build),
});

const Container = object({
  id: text(),
  name: text(),
  image: text(),
  state: text('As the engine says it: running, exited…'),
  transport: text('How its lines are read: file, api, or none; of a source without an engine its type.'),
  transportWhy: text(),
  why: text('Why its lines are not read; empty where they are.'),
  labels: { ...labels, description: 'Of its streams, without the one for stdout and stderr.' },
  composeProject: orNull(text()),
  startedAt: orNull(time()),
  restarts: orNull(count()),
  linesPerSecond: number(),
  bytesPerSecond: number(),
  rates: list(number(), 'Lines a second, one figure for five seconds each, at most 60, the oldest first.'),
  lines: count('In this run, as bytes.'),
  bytes: count(),
  lastLine: orNull(time('Of the newest line read in this run.')),
  lagSeconds: orNull(number('Age of the newest line read while there are later ones; 0 where all is read.')),
  rotations: count(),
  partial: orNull(count('Lines whose end never came.')),
  cut: orNull(count('Lines that were longer than allowed.')),
  gaps: count('How many of the last thousand gaps are of containers of this name.'),
});

const SourceLine = object({
  source: text(),
  container: text('_retired: what was forgotten.'),
  key: text(),
  read: whole(),
  pushed: whole(),
  generated: whole(),
  filtered: byReason,
  merged: whole(),
  held: whole(),
  appended: whole(),
  journaled: whole(),
  unaccounted: object({ reader: whole(), processors: whole(), journal: whole() }),
});

const Ledger = object({
  since: time(),
  sources: list(SourceLine),
  journal: object({
    before: whole(),
    encoded: whole(),
    committed: whole(),
    uncommitted: whole(),
    unaccounted: whole(),
  }),
  sinks: list(
    object({
      sink: text(),
      journaled: whole(),
      before: whole(),
      delivered: whole(),
      rejected: byReason,
      lost: byReason,
      passedOver: whole(),
      redriven: whole(),
      pending: maybe(whole('Not there until the sink is open.')),
      unaccounted: maybe(object({ cursor: whole(), answers: whole() })),
    }),
  ),
  unaccounted: byName(whole(), 'Lines lost count of, by stage: 0 each.'),
});

const condition = { state: text(), reason: text('One sentence; empty where nothing is wrong.') };

const Flow = object({
  sources: list(
    object({
      name: text(),
      type: text(),
      ...condition,
      containers: object({ file: count(), api: count(), none: count() }, 'By how they are read.'),
      streams: count('Open ones.'),
      streamCapacity: count('0: without limit.'),
      waiting: count('Logs that wait for their turn.'),
      lines: count('In this run.'),
      linesPerSecond: number(),
      bytesPerSecond: number(),
    }),
  ),
  processors: list(
    object({
      name: text(),
      type: text(),
      match: orNull(text('For which streams; null: all.')),
      in: count('In this run, as all of these: lines that came to it.'),
      out: count('That went on.'),
      lines: count('That it looked at.'),
      linesPerSecond: number('That go on.'),
      filtered: byReason,
      merged: count('That became part of another line.'),
      generated: count('That it made.'),
      held: number('That wait in it now.'),
      failed: byReason,
      done: byName(count(), 'What it did, in words of its own.'),
    }),
  ),
  journal: object({
    bytes: count(),
    capacity: count('What it may take at present.'),
    maxBytes: count(),
    segments: count(),
    oldest: orNull(time()),
    lines: count('Since its beginning.'),
    linesPerSecond: number(),
    uncommitted: count('Lines that are not durable yet.'),
    damagedBlocks: count(),
    lastError: orNull(text()),
    neededBy: list(object({ sink: text(), bytes: count() }), 'What is kept for sinks, the largest first.'),
  }),
  sinks: list(
    object({
      name: text(),
      type: text(),
      ...condition,
      linesPerSecond: number(),
      lines: count('Delivered in this run.'),
      pending: count(),
      pendingBytes: count(),
      lagSeconds: number(),
      circuit: oneOf(['closed', 'open', 'half-open']),
      lastError: orNull(text()),
      rejected: byReason,
      dropped: count('Lost for it, because the journal was full or damaged.'),
    }),
  ),
  ledger: Ledger,
});

const Sink = object({
  name: text(),
  state: text(),
  circuit: oneOf(['closed', 'open', 'half-open']),
  linesDelivered: count('In this run, as all of these.'),
  linesRejected: byReason,
  linesLost: byReason,
  linesPassedOver: count('Not for this sink by its `match`.'),
  linesPending: count(),
  bytesPending: count('Of the journal, from the oldest line that waits on.'),
  gaps: count(),
  lagSeconds: number(),
  lastError: maybe(text()),
});

const Gap = object({
  number: count(),
  told: time(),
  container: text(),
  sink: orNull(text('Null: nobody will have the lines; else that sink will not.')),
  why: text('One of the reasons in docs/errors.md.'),
  from: orNull(time()),
  to: orNull(time()),
  lines: orNull(count()),
  text: text('All of it, for people.'),
});

const Journal = object({
  bytes: count(),
  segments: count(),
  capacity: count(),
  oldLinesWaitFor: maybe(text('The reader that old lines wait for.')),
  oldestLsn: count(),
  committedLsn: count(),
  linesJournaled: count(),
  linesUncommitted: count(),
  linesAppended: count(),
  linesCommitted: count(),
  commits: count(),
  damagedBlocks: count(),
  lastError: maybe(text()),
});

const counts = byName(whole());

const Resources = object({
  now: time(),
  tree: anything(
    'The scopes that are open: name, ageSeconds, resources (kind, name, count, oldestSeconds), scopes.',
  ),
  resources: byName(count(), 'What scopes own, by kind.'),
  real: counts,
  baseline: counts,
  holdings: counts,
  unowned: { ...counts, description: 'What the process holds and no scope owns: 0, or something leaks.' },
  note: maybe(text('Why it does not tell all.')),
  memory: byName(count(), 'Bytes.'),
});

const series = list(orNull(number()), 'Null: could not be seen.');

const ResourceHistory = object({
  everyMs: count('Between the newer samples; older ones are thinned.'),
  samples: object({
    time: list(number(), 'Milliseconds since 1970.'),
    rssBytes: series,
    heapUsedBytes: series,
    fds: series,
    eventLoopDelayP99Ms: series,
    cpuPercent: series,
    owned: byName(series, 'By kind, as unowned.'),
    unowned: byName(series),
  }),
  verdicts: list(
    object({
      series: text('rssBytes, owned.timer…'),
      unit: oneOf(['bytes', 'count']),
      perHour: number('Fitted slope; low and high bound it with 95 %.'),
      low: number(),
      high: number(),
      verdict: oneOf(['steady', 'growing', 'falling', 'too_short']),
    }),
  ),
});

const Config: Schema = {
  ...object({ file: orNull(text('Where it was read from.')), yaml: text('All of it, secrets hidden.') }),
  description: 'The keys of the configuration file with their values, secrets hidden.',
  additionalProperties: true,
};

const ConfigProblems = list(
  object({
    severity: oneOf(['error', 'warning']),
    line: orNull(count()),
    column: orNull(count()),
    key: text(),
    message: text(),
    remedy: orNull(text()),
  }),
);

const ConfigChanges = list(
  object({
    component: text('sinks.loki, processors.redact-2, journal…'),
    change: oneOf(['added', 'removed', 'rebuilt', 'changed', 'unchanged', 'restart']),
    why: text('A few words, or empty.'),
  }),
);

const ConfigReload = object({
  result: oneOf(['applied', 'unchanged', 'refused', 'failed']),
  changes: ConfigChanges,
  problems: ConfigProblems,
});

const ConfigCheck = object({
  ok: flag(),
  problems: ConfigProblems,
  effective: orNull(text('What it would come to, as YAML; null where it is wrong.')),
  differs: list(object({ key: text(), now: anything(), then: anything() })),
  changes: ConfigChanges,
});

const DeadLetter = object({
  id: text(),
  sink: text(),
  reason: text('One of the reasons in docs/errors.md.'),
  said: text("What the sink's server said."),
  tenant: maybe(text()),
  attempts: count(),
  rejected: time(),
  time: time("The line's own."),
  labels,
  line: text(),
  fields: maybe(byName(text(), 'Structured metadata of the line.')),
  base64: maybe(text("The line's bytes, where they are no UTF-8.")),
});

const DeadLetters = object({
  counts: list(object({ sink: text(), reason: text(), lines: count() })),
  bytes: count(),
  letters: list(DeadLetter),
  next: maybe(text('Give it as `from` to go on.')),
});

const Redriven = object({
  delivered: count(),
  refused: byReason,
  left: count(),
  trouble: maybe(text()),
});

const Line = object({
  time: time(),
  container: text(),
  stream: oneOf(['stdout', 'stderr', '']),
  level,
  line: text('As it was written, controls included; invalid UTF-8 is U+FFFD. At most 16 KiB.'),
  committed: flag('It is durable.'),
  fields: maybe(byName(text(), 'What processors found in it; not there where that is nothing.')),
  gap: maybe(text('Lines are missing here, for this reason.')),
  cut: maybe(count('Bytes that were left out.')),
});

const Context = object({
  lines: list(
    { ...Line, properties: { ...Line.properties, labels }, required: [...(Line.required ?? []), 'labels'] },
    'The oldest first.',
  ),
  found: whole('Index of the line with exactly that time; -1: it is not there.'),
  place: maybe(whole('Where it would be.')),
});

const Labels = object({
  labels: byName(list(text())),
  oldest: orNull(time('Of the history.')),
  newest: orNull(time()),
});

const AlertGiven = object({
  name: text(),
  query: text(),
  threshold: count('So many matches within the window fire it.'),
  windowSeconds: number(),
  coolDownSeconds: number(),
  webhook: object({ type: oneOf(['slack', 'discord', 'ntfy', 'json']), url: text() }),
  sendResolved: maybe(flag('Tell also when it is over.')),
  enabled: maybe(flag()),
});

const Alert = object({
  id: text(),
  ...(AlertGiven.properties as Readonly<Record<string, Schema>>),
  sendResolved: flag(),
  enabled: flag(),
  origin: oneOf(['config', 'page']),
  state: oneOf(['ok', 'firing', 'cooling']),
  matches: count('In the window.'),
  lastFired: orNull(time()),
  lastResolved: orNull(time('When that was over; null while it is not.')),
  deliveries: list(
    object({
      time: time(),
      ok: flag(),
      status: orNull(whole()),
      error: orNull(text()),
      attempts: count(),
    }),
    'The last 20.',
  ),
});

/** Named in the document's components. */
export const ANSWERS = {
  Error: ErrorAnswer,
  Build,
  BuildNow,
  Health,
  Container,
  Ledger,
  Flow,
  Sink,
  Gap,
  Journal,
  Resources,
  ResourceHistory,
  Config,
  ConfigCheck,
  ConfigReload,
  DeadLetter,
  DeadLetters,
  Redriven,
  Line,
  Context,
  Labels,
  AlertGiven,
  Alert,
} as const satisfies Readonly<Record<string, Schema>>;
