/** Pictures of 16 by 16, drawn with lines in the colour of the text. They say nothing by themselves: name what they are on. */

const PATHS = {
  logo: 'M2 4h12M2 8h8M2 12h5M12 8v4m0 0-2-2m2 2 2-2',
  live: 'M2 8h2.5L6.5 3l3 10 2-5H14',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM14 14l-3.4-3.4',
  containers: 'M2 5l6-3 6 3v6l-6 3-6-3ZM2 5l6 3 6-3M8 8v6',
  flow: 'M2 4h3v3H2zM2 10h3v3H2zM11 6.5h3v3h-3zM5 5.5c4 0 2 2.5 6 2.5M5 11.5c4 0 2-3.5 6-3.5',
  letters: 'M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5',
  alerts: 'M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3ZM6.8 14h2.4',
  resources: 'M2.5 13V8M6.2 13V3M9.8 13V6M13.5 13V9.5',
  settings: 'M2 4.5h6M12 4.5h2M10 2.8v3.4M2 11.5h2M8 11.5h6M6 9.8v3.4',
  fold: 'M9.5 4 5.5 8l4 4',
  unfold: 'm6.5 4 4 4-4 4',
  down: 'm4 6.5 4 4 4-4',
  right: 'm6.5 4 4 4-4 4',
  newest: 'M8 3v9m0 0L4.5 8.5M8 12l3.5-3.5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7.5-4.5Z',
  close: 'm4 4 8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  link: 'M6.5 9.5a2.5 2.5 0 0 0 3.5 0l3-3A2.5 2.5 0 0 0 9.5 3L8.6 3.9M9.5 6.5a2.5 2.5 0 0 0-3.5 0l-3 3A2.5 2.5 0 0 0 6.5 13l.9-.9',
  only: 'M2.5 3.5h11L9.5 8v4.5l-3-1.5V8Z',
  exclude: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM4 4l8 8',
  whole: 'M8 2v12m0-12L5.5 4.5M8 2l2.5 2.5M8 14l-2.5-2.5M8 14l2.5-2.5',
  wrap: 'M2 4h12M2 8h9.5a2 2 0 0 1 0 4.5H9m0 0 1.5-1.5M9 12.5 10.5 14M2 12.5h3.5',
  rows: 'M2 3.5h12M2 8h12M2 12.5h12',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.5V8l2.5 1.5',
  download: 'M8 2v8m0 0L4.5 6.5M8 10l3.5-3.5M2.5 13.5h11',
  alert: 'M8 2 1.5 13.5h13ZM8 6.5v3.2M8 11.4v.2',
  plus: 'M8 3v10M3 8h10',
  trash: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9',
  'zoom-out': 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM14 14l-3.4-3.4M4.8 7h4.4',
  again: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
  edit: 'M3 13l.5-3L10.5 3l2.5 2.5-7 7Z',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z',
  'theme-system': 'M2 3h12v8H2zM6 14h4M8 11v3',
  keyboard: 'M1.5 4h13v8h-13zM4 6.5h.1M6.7 6.5h.1M9.3 6.5h.1M12 6.5h.1M5 9.5h6',
  more: 'M3.5 8h.1M8 8h.1M12.5 8h.1',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
