import type { DeadLetterDesk } from '../desk.js';

/** A desk without letters, for tests that are about something else. */
export const NO_LETTERS: Pick<DeadLetterDesk, 'figures' | 'list' | 'redrive' | 'delete'> = {
  figures: { counts: [], bytes: 0, dropped: [] },
  list: () => Promise.resolve({ letters: [], next: undefined }),
  redrive: () => Promise.resolve({ delivered: 0, refused: {}, left: 0, trouble: undefined }),
  delete: () => Promise.resolve(0),
};
