import type { ComponentChildren } from 'preact';
import { Icon } from './icon.js';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly isNumber?: boolean;
  readonly isSortable?: boolean;
  cell(row: Row): ComponentChildren;
}

export interface Sorting {
  readonly key: string;
  readonly isDescending: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  keyOf(row: Row): string;
  readonly sorting?: Sorting;
  readonly onSort?: (sorting: Sorting) => void;
}

/** Rows as they are given; on a phone each row is a card. */
export function Table<Row>({ label, columns, rows, keyOf, sorting, onSort }: TableProps<Row>) {
  return (
    <table class="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ key, title, isNumber, isSortable }) => {
            const isSorted = sorting?.key === key;
            const direction = sorting?.isDescending ? 'descending' : 'ascending';
            return (
              <th key={key} scope="col" class={isNumber ? 'number' : ''} aria-sort={isSorted ? direction : undefined}>
                {isSortable && onSort ? (
                  <button
                    type="button"
                    onClick={() => onSort({ key, isDescending: isSorted ? !sorting.isDescending : isNumber === true })}
                  >
                    {title}
                    {isSorted && <Icon name={sorting.isDescending ? 'down' : 'right'} />}
                  </button>
                ) : (
                  title
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ key, title, isNumber, cell }) => (
              <td key={key} data-title={title} class={isNumber ? 'number' : ''}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
