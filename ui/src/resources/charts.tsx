/** A chart for each thing that can grow, with what its slope says. */
import { Icon } from '../parts/icon.js';
import { Chart, type ChartLine } from './chart.js';
import {
  amount,
  type History,
  type Series,
  spanOf,
  type Unit,
  type Verdict,
  verdictSentence,
} from './history.js';
import { nameOf } from './names.js';

interface Panel {
  readonly title: string;
  readonly unit: Unit;
  readonly lines: readonly ChartLine[];
  /** Of which a verdict is shown. */
  readonly series: readonly string[];
}

export function Charts({ history }: { readonly history: History }) {
  const { samples } = history;
  const main: Panel[] = [
    {
      title: 'Memory',
      unit: 'bytes',
      lines: [
        { label: 'process', values: samples.rssBytes, color: '--accent' },
        { label: 'heap', values: samples.heapUsedBytes, color: '--hue-4' },
      ],
      series: ['rssBytes', 'heapUsedBytes'],
    },
    single('Processor, of one core', 'percent', samples.cpuPercent, 'cpuPercent'),
    single(
      'Delay of the event loop, 99th percentile',
      'ms',
      samples.eventLoopDelayP99Ms,
      'eventLoopDelayP99Ms',
    ),
    single('Open descriptors', 'count', samples.fds, 'fds'),
  ];
  const owned = Object.entries(samples.owned).map(([kind, values]) =>
    single(capital(nameOf(kind)), 'count', values, `owned.${kind}`),
  );
  return (
    <>
      <div class="charts">
        {main.map((panel) => (
          <PanelView key={panel.title} panel={panel} history={history} height={150} />
        ))}
      </div>
      <section aria-label="Owned by scopes">
        <h2>Owned by scopes</h2>
        <div class="charts charts-small">
          {owned.map((panel) => (
            <PanelView key={panel.title} panel={panel} history={history} height={100} />
          ))}
        </div>
      </section>
    </>
  );
}

function single(title: string, unit: Unit, values: Series, series: string): Panel {
  return { title, unit, lines: [{ label: title, values, color: '--accent' }], series: [series] };
}

function PanelView({
  panel: { title, unit, lines, series },
  history,
  height,
}: {
  readonly panel: Panel;
  readonly history: History;
  readonly height: number;
}) {
  const [{ values }] = lines;
  const span = spanOf(values);
  const now = span ? amount(span.last, unit) : 'no sample yet';
  const range = span ? rangeWords(span, unit) : '';
  return (
    <div class="chart-panel" role="group" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <strong>{now}</strong>
      </header>
      <Chart
        label={`${title}: now ${now}, so far ${range}`}
        time={history.samples.time}
        lines={lines}
        unit={unit}
        everyMs={history.everyMs}
        height={height}
        note={lines.length > 1 ? '' : range}
      />
      {series.map((name) => {
        // That it is too early for any is said once, for all of them.
        const verdict = history.verdicts.find(
          (one) => one.series === name && (one.low !== 0 || one.high !== 0 || one.verdict !== 'too_short'),
        );
        return (
          verdict && (
            <VerdictLine
              key={name}
              verdict={verdict}
              unit={unit}
              who={series.length > 1 ? nameOf(name) : ''}
            />
          )
        );
      })}
    </div>
  );
}

function rangeWords({ least, most }: { readonly least: number; readonly most: number }, unit: Unit): string {
  return least === most ? `always ${amount(least, unit)}` : `${amount(least, unit)} to ${amount(most, unit)}`;
}

const SIGNS = { steady: 'check', falling: 'check', growing: 'alert', too_short: 'clock' } as const;
const TONES = { steady: 'good', falling: 'good', growing: 'bad', too_short: 'quiet' } as const;

function VerdictLine({
  verdict,
  unit,
  who,
}: {
  readonly verdict: Verdict;
  readonly unit: Unit;
  readonly who: string;
}) {
  return (
    <p class="chart-verdict">
      <span class={TONES[verdict.verdict]}>
        <Icon name={SIGNS[verdict.verdict]} />
      </span>
      <span class="quiet">
        {who && `${capital(who)}: `}
        {verdictSentence(verdict, unit)}
      </span>
    </p>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
