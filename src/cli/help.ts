/** What stands below the options in `--help`: examples, and what the options alone do not tell. */

export const PROGRAM_HELP = `
Examples:
  log-capturer run                                 capture the containers of this host
  log-capturer run --loki http://127.0.0.1:3100    and deliver them to Loki
  log-capturer tail --container web --grep error   look at what comes in

Every key of the configuration can be set by environment: LOG_CAPTURER_SERVER_PORT=8500.
Exit codes: 0 done, 1 could not do it (check: the configuration is wrong), 2 wrong usage or configuration.`;

export const RUN_HELP = `
Examples:
  log-capturer run
  log-capturer run --config my.yaml --loki http://127.0.0.1:3100
  log-capturer run --dry-run | head
  make 2>&1 | log-capturer run --stdin --loki http://127.0.0.1:3100

--dry-run reads everything that the configuration selects, as at a first start, and shows it on standard output as
JSON lines with the labels that they would be delivered with, until Ctrl-C. No sink is opened, no page is served, and
positions are not kept: data goes into a temporary directory that is removed at the end. Where every sink has a
\`match\`, only lines that one of them would get are shown, once for each different \`match\`.

--stdin ends when the input has ended and every sink has all of it. Its page is on any free port and has the metrics
too, unless ports are given; beside another agent it needs a --data-dir of its own.
The first Ctrl-C or SIGTERM delivers what was read, at most a few seconds long; a second one ends at once.
SIGHUP has it read its configuration file anew (see log-capturer reload --help); on a terminal it ends it, as SIGTERM does.
Exit codes: 0 done, 1 could not do it, 2 wrong usage or configuration, 130 and 143 stopped by a second signal.`;

export const CHECK_HELP = `
Examples:
  log-capturer check my.yaml
  log-capturer check --offline - < my.yaml
  LOG_CAPTURER_LOKI_URL=http://127.0.0.1:3100 log-capturer check

Prints the configuration with every default and without secrets, then which containers it takes, by which transport,
for which sinks and with which labels, and which it does not and why.
Exit codes: 0 it is right, 1 it is wrong (run: 2), 2 wrong usage, or the configuration file cannot be read.`;

export const CONVERT_HELP = `
Examples:
  log-capturer convert promtail /etc/promtail/config.yml > log-capturer.yaml
  log-capturer convert promtail --out log-capturer.yaml config.yml && log-capturer check log-capturer.yaml
  log-capturer convert promtail - < config.yml

What could not be carried over stands as comments at the top of the result and on standard error, with its line, why, and
what to do. docs/migrating/promtail.md says how to go on.
Exit codes: 0 everything was carried over, 3 not everything, 2 wrong usage, or the file cannot be read.`;

export const TAIL_HELP = `
Examples:
  log-capturer tail
  log-capturer tail --container web api --grep timeout
  log-capturer tail --level error critical --query '{compose_project="shop"}'
  log-capturer tail --no-follow -n 1000 --json | jq .line`;

export const SEARCH_HELP = `
Examples:
  log-capturer search timeout
  log-capturer search --since 7d '{compose_project="shop"} |= "refused" != "retry" |~ "5\\d\\d"'
  log-capturer search --level error -n 20
  log-capturer search --since 2026-11-22T03:00:00Z --until 2026-11-22T03:05:00Z --json | jq -r .line

Oldest first, times in UTC. A text that is not in braces or behind |= is looked for whatever the case of its letters.
Exit codes, as grep's: 0 found, 1 nothing found, 2 wrong usage, or it could not be done.`;

export const LEDGER_HELP = `
Examples:
  log-capturer ledger
  log-capturer ledger --json | jq .unaccounted

Each row adds up from left to right; what is missing for that is under "unaccounted", and is 0. Figures go over restarts.
_retired is what containers that are gone had read; log-capturer/gaps are the lines that the agent itself leaves where
lines are missing.
Exit codes: 0 every line is accounted for, 1 some are not, or no agent answers, 2 wrong usage.`;

export const GAPS_HELP = `
Examples:
  log-capturer gaps
  log-capturer gaps -n 1000 --json | jq -r .text

What is missing was written between from and to; ? is what nobody knows. Under "sink" is the one that will not have the
lines; all: nobody will. docs/errors.md says of each reason what to do. The agent keeps the last thousand, over restarts.`;

export const DEAD_LETTERS_HELP = `
Examples:
  log-capturer dead-letters list
  log-capturer dead-letters show 0-12
  log-capturer dead-letters export --reason too_old --since 24h > refused.jsonl
  log-capturer dead-letters redrive --sink loki --reason line_too_long
  log-capturer dead-letters delete --reason too_old

Redrive once the cause is gone, such as a limit of Loki. What the sink takes leaves; what it refuses again stays, with
another count. A line keeps its own time, labels and text.
Exit codes: 0 done, 1 could not do it, or lines stay that were to be redriven, 2 wrong usage.`;

export const RELOAD_HELP = `
Examples:
  log-capturer reload
  log-capturer reload --url http://127.0.0.1:8401

The agent also reads its file by itself a moment after it changes, and when it gets SIGHUP. Only what is different begins
anew: sources go on at their positions, sinks at their cursors. A configuration that is wrong, or that changes what is
fixed while the agent runs (data_dir, server, metrics, standard input), is refused as a whole, and the one in force goes on.
Exit codes: 0 reloaded or nothing is different, 1 refused or unreachable.`;

export const HEALTHCHECK_HELP = `
Examples:
  log-capturer healthcheck
  log-capturer healthcheck --url http://127.0.0.1:8401

Prints one line. Exit codes: 0 healthy or degraded, 1 unhealthy or unreachable.`;

export const SOAK_HELP = `
Examples:
  log-capturer soak --containers 8 --minutes 3
  log-capturer soak --containers 55 --minutes 60 --rotate-every 30s
  log-capturer soak --minutes 20 --rotate-every 1s --churn --image my/busybox

Starts containers that write numbered lines (a third of them never, a third rarely, a third all the time), and an agent
that reads them through the engine's API and ends and reopens its streams at the given age. Every few seconds it looks
at what the agent holds; at the end it says what grew, what was left behind, and whether every line came exactly once.
The report is in --directory: one page and the figures as JSON; after a failure also what the agent held.

It touches no other containers: its own carry the label log-capturer.test, have no network, and are removed at the end,
by the next soak where it was killed. The first Ctrl-C ends early, with a report; a second one leaves at once.
Exit codes: 0 passed, 1 failed, cut short or impossible, 2 wrong usage.`;

export const SCHEMA_HELP = `
Example:
  log-capturer schema > log-capturer.schema.json

and as the first line of the configuration:
  # yaml-language-server: $schema=./log-capturer.schema.json`;

export const VERSION_HELP = `
Examples:
  log-capturer version
  log-capturer version --json`;

export const TORTURE_HELP = `
It starts containers that write numbered lines, an agent, and a receiver that stands for Loki behind a proxy, and then
breaks all of it: see docs/torture.md. The same seed gives the same faults. Exit code 0: not a line was lost, doubled, split
or out of order, and every planned fault happened. 1: one was, or it could not be done.

Examples:
  sudo log-capturer torture
  sudo log-capturer torture --seed 1..20
  log-capturer torture --endpoint unix:///var/run/docker.sock --kills 10
`;
