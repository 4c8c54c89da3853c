/** The ledger as statements that add up before the reader's eyes. */
import { count, counted } from '../lib/format.js';
import { zone } from '../lib/prefs.js';
import { href } from '../lib/router.js';
import { millisOf, momentText } from '../lib/time.js';
import { Icon } from '../parts/icon.js';
import { Notice } from '../parts/notice.js';
import { brokenStages, type Ledger, type Row, type Statement, statements } from './ledger.js';

type Figures = readonly (number | undefined)[];

export function LedgerView({ ledger }: { readonly ledger: Ledger }) {
  return (
    <section class="ledger" aria-label="Ledger">
      <header>
        <h2>Ledger</h2>
        <span class="quiet">
          counted since {momentText(millisOf(ledger.since), zone.value)}, over restarts, each figure where it
          happens
        </span>
      </header>
      <Verdict ledger={ledger} />
      <div class="ledger-statements">
        {statements(ledger).map((statement) => (
          <StatementTable key={statement.title} statement={statement} />
        ))}
      </div>
    </section>
  );
}

function Verdict({ ledger }: { readonly ledger: Ledger }) {
  const broken = brokenStages(ledger);
  const total = broken.reduce((sum, { lines }) => sum + lines, 0);
  if (broken.length === 0)
    return (
      <p class="ledger-verdict good">
        <Icon name="check" />
        <strong>0</strong> lines unaccounted for
      </p>
    );
  return (
    <>
      <p class="ledger-verdict bad">
        <Icon name="alert" />
        <strong>{count(total)}</strong> {total === 1 ? 'line' : 'lines'} unaccounted for
      </p>
      <Notice>
        {broken.map(({ stage, lines }) => `${counted(lines, 'line')} at ${stage}`).join(', ')}. This is a
        mistake in the program: please report it with the agent's log. Known{' '}
        <a href={href('containers')}>gaps</a> are accounted for, and not among them.
      </Notice>
    </>
  );
}

function StatementTable({ statement }: { readonly statement: Statement }) {
  const { title, identity, columns, into, outOf, sumInto, sumOutOf, difference } = statement;
  const isWide = columns.length > 1;
  return (
    <div class="ledger-statement" style={{ flexBasis: `${180 + 110 * columns.length}px` }}>
      <h3>{title}</h3>
      <div
        class="ledger-scroll"
        tabIndex={isWide ? 0 : undefined}
        role={isWide ? 'region' : undefined}
        aria-label={isWide ? title : undefined}
      >
        <table aria-label={title}>
          <thead class={isWide ? '' : 'unseen'}>
            <tr>
              <th scope="col">
                <span class="unseen">Lines</span>
              </th>
              {columns.map((column) => (
                <th key={column} scope="col" class="number">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {into.map((row, at) => (
              <Rows key={row.label} row={row} sign={at === 0 ? '' : '+'} />
            ))}
            {into.length > 1 && <Total label="In all" figures={sumInto} />}
          </tbody>
          <tbody>
            {outOf.map((row, at) => (
              <Rows key={row.label} row={row} sign={at === 0 ? '=' : '+'} />
            ))}
            <Total label="Adds up to" figures={sumOutOf} />
            <tr class="ledger-difference">
              <th scope="row">Difference</th>
              {difference.map((lines, at) => (
                <td
                  key={columns[at]}
                  class={`number ${lines === undefined ? 'quiet' : lines === 0 ? 'good' : 'bad'}`}
                >
                  {lines === undefined ? 'not open yet' : lines === 0 ? '0 ✓' : `${count(lines)} ✗`}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <p class="quiet ledger-identity">{identity}</p>
    </div>
  );
}

function Rows({ row: { label, help, values, parts }, sign }: { readonly row: Row; readonly sign: string }) {
  return (
    <>
      <tr>
        <th scope="row" title={help}>
          <span class="ledger-sign" aria-hidden="true">
            {sign}
          </span>
          {label}
        </th>
        <Cells figures={values} />
      </tr>
      {parts.map((part) => (
        <tr key={part.label} class="ledger-part">
          <th scope="row">{part.label}</th>
          <Cells figures={part.values} />
        </tr>
      ))}
    </>
  );
}

function Total({ label, figures }: { readonly label: string; readonly figures: Figures }) {
  return (
    <tr class="ledger-total">
      <th scope="row">{label}</th>
      <Cells figures={figures} />
    </tr>
  );
}

function Cells({ figures }: { readonly figures: Figures }) {
  return (
    <>
      {figures.map((lines, at) => (
        <td key={String(at)} class={`number ${lines === 0 || lines === undefined ? 'quiet' : ''}`}>
          {lines === undefined ? '–' : count(lines)}
        </td>
      ))}
    </>
  );
}
