import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { copyText } from '../lib/clipboard.js';
import { Button } from './button.js';

const SHOWN_MS = 1500;

/** Copies what `text` answers, and says so for a moment. */
export function CopyButton({ text, children }: { readonly text: () => string; readonly children: string }) {
  const said = useSignal<'' | 'Copied' | 'Not allowed here'>('');
  useEffect(() => {
    if (said.value === '') return undefined;
    const timer = setTimeout(() => (said.value = ''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said.value]);
  const copy = async (): Promise<void> => {
    said.value = (await copyText(text())) ? 'Copied' : 'Not allowed here';
  };
  return (
    <Button kind="quiet" icon={said.value === 'Copied' ? 'check' : 'copy'} onClick={() => void copy()}>
      {said.value || children}
    </Button>
  );
}
