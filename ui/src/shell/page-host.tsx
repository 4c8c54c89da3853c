/** Shows the page of the address, and loads what it needs. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { route } from '../lib/router.js';
import { Button } from '../parts/button.js';
import { Empty } from '../parts/empty.js';
import { PAGES } from './pages.js';

type Shown =
  | { readonly Page: ComponentType; readonly name: string }
  | { readonly failed: string }
  | undefined;

const loaded = new Map<string, ComponentType>();

export function PageHost() {
  const shown = useSignal<Shown>(undefined);
  useSignalEffect(() => {
    const { page: name } = route.value;
    const page = PAGES.find((one) => one.name === name);
    document.title = page ? `${page.title} · log-capturer` : 'log-capturer';
    const known = loaded.get(name);
    if (known) {
      if (!shown.peek() || (shown.peek() as { Page?: ComponentType }).Page !== known)
        shown.value = { Page: known, name };
    } else if (!page) {
      shown.value = { failed: `There is no page “${name}”.` };
    } else {
      load(name, page.load).then(
        (Page) => {
          if (route.peek().page === name) shown.value = { Page, name };
        },
        () => {
          shown.value = {
            failed: 'This page could not be loaded. The agent may be gone, or was replaced by a newer one.',
          };
        },
      );
    }
  });

  const { value } = shown;
  if (!value) return null;
  if ('failed' in value) return <Broken message={value.failed} />;
  return <Guarded key={value.name} Page={value.Page} />;
}

async function load(
  name: string,
  from: () => Promise<{ readonly default: ComponentType }>,
): Promise<ComponentType> {
  const page = (await from()).default;
  loaded.set(name, page);
  return page;
}

/** A page that fails takes nothing else with it. */
function Guarded({ Page }: { readonly Page: ComponentType }) {
  const [error] = useErrorBoundary((thrown: unknown) => {
    // For whoever looks for it in the browser's console.
    reportError(thrown);
  });
  if (error !== undefined) return <Broken message={`This page failed: ${(error as Error).message}`} />;
  return <Page />;
}

function Broken({ message }: { readonly message: string }) {
  return (
    <Empty icon="alert" title={message}>
      <Button onClick={() => location.reload()}>Reload</Button>
    </Empty>
  );
}
