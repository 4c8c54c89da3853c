/** Text that somebody selected in a list of lines can be searched for with one press. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.js';
import './selection-offer.css';

const MAX_CHARS = 500;
/** Of the window: the offer stays inside it. */
const MARGIN = 8;
const WIDTH = 140;
const HEIGHT = 28;

interface Offer {
  readonly text: string;
  readonly left: number;
  readonly top: number;
}

export function SelectionOffer({ onSearch }: { readonly onSearch: (text: string) => void }) {
  const offer = useSignal<Offer | null>(null);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const look = (event: Event): void => {
      // A press on the offer itself, by which what was selected may be gone already.
      if (root.current?.contains(event.target as Node)) return;
      offer.value = selectedText();
    };
    const hide = (): void => {
      offer.value = null;
    };
    // When the pointer is up, so that it does not stand in the way of selecting.
    document.addEventListener('pointerup', look);
    document.addEventListener('keyup', look);
    document.addEventListener('scroll', hide, true);
    return () => {
      document.removeEventListener('pointerup', look);
      document.removeEventListener('keyup', look);
      document.removeEventListener('scroll', hide, true);
    };
  }, []);
  const { value } = offer;
  if (!value) return null;
  return (
    <div class="selection-offer" ref={root} style={{ left: `${value.left}px`, top: `${value.top}px` }}>
      <Button
        icon="search"
        onClick={() => {
          offer.value = null;
          getSelection()?.removeAllRanges();
          onSearch(value.text);
        }}
      >
        Search for this
      </Button>
    </div>
  );
}

/** Within one line's text only. */
function selectedText(): Offer | null {
  const selection = getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const part = partOf(selection.anchorNode);
  const text = selection.toString().trim();
  if (
    !part ||
    part !== partOf(selection.focusNode) ||
    text === '' ||
    text.length > MAX_CHARS ||
    text.includes('\n')
  )
    return null;
  const box = selection.getRangeAt(0).getBoundingClientRect();
  return {
    text,
    left: Math.max(MARGIN, Math.min(box.left, innerWidth - WIDTH - MARGIN)),
    top: Math.max(MARGIN, box.top - HEIGHT - 4),
  };
}

function partOf(node: Node | null): Element | null {
  const element = node instanceof Element ? node : (node?.parentElement ?? null);
  return element?.closest('[data-part="text"]') ?? null;
}
