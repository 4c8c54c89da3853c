/** Asks before something is done with dead letters: how many, which, and what it means. */
import { counted } from '../lib/format.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import type { LetterFilter } from './letters.js';

export interface Deed {
  readonly kind: 'redrive' | 'delete';
  /** What the server is asked for, one after the other. */
  readonly filters: readonly LetterFilter[];
  readonly lines: number;
  /** There are more, which are not loaded yet. */
  readonly isAtLeast: boolean;
  readonly isSelection: boolean;
  /** As it is shown, where nothing was selected. */
  readonly filter: LetterFilter;
}

interface DeedDialogProps {
  readonly deed: Deed;
  readonly onConfirm: (deed: Deed) => void;
  readonly onClose: () => void;
}

export function DeedDialog({ deed, onConfirm, onClose }: DeedDialogProps) {
  const { kind, lines, isAtLeast } = deed;
  const isRedrive = kind === 'redrive';
  return (
    <Dialog
      title={isRedrive ? 'Redrive dead letters' : 'Delete dead letters'}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={isRedrive ? 'primary' : 'danger'} onClick={() => onConfirm(deed)}>
            {isRedrive ? 'Redrive' : 'Delete'}
          </Button>
        </>
      }
    >
      <p>
        <strong>
          {isAtLeast && 'At least '}
          {counted(lines, 'line')}
        </strong>{' '}
        {which(deed)}{' '}
        {isRedrive ? `${lines === 1 ? 'is' : 'are'} given to the sink once more.` : 'will be gone for good.'}
      </p>
      <p class="quiet">
        {isRedrive
          ? 'What the sink takes leaves the dead letters; what it refuses again stays, with one attempt more.'
          : 'No sink has them, and they will not be delivered. They may still be in the history for a while.'}
      </p>
    </Dialog>
  );
}

function which({ isSelection, filter: { sink, reason } }: Deed): string {
  if (isSelection) return 'that you selected';
  return (
    [sink ? `of sink ${sink}` : '', reason ? `with reason ${reason}` : ''].filter(Boolean).join(' ') ||
    'of all sinks'
  );
}
