/** The frame around every page: the rail with the pages, the strip with the agent's health, the help. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { followKeyboard, useShortcuts } from '../lib/keyboard.js';
import { rail } from '../lib/prefs.js';
import { followAddress, navigate } from '../lib/router.js';
import { followHealth } from './health.js';
import { Help } from './help.js';
import { PageHost } from './page-host.js';
import { Rail } from './rail.js';
import { Strip } from './strip.js';
import { followTheme } from './theme.js';

export function App() {
  const showsHelp = useSignal(false);
  useEffect(() => {
    const ends = [followTheme(), followAddress(), followKeyboard(), followHealth()];
    return () => {
      for (const end of ends) end();
    };
  }, []);
  useShortcuts([
    { keys: ['?'], what: 'Show or hide this help', run: () => (showsHelp.value = !showsHelp.value) },
    { keys: ['1'], what: 'Go to Live', run: () => navigate('live') },
    { keys: ['2'], what: 'Go to Search', run: () => navigate('search') },
    { keys: ['3'], what: 'Go to Containers', run: () => navigate('containers') },
    { keys: ['4'], what: 'Go to Flow', run: () => navigate('flow') },
  ]);
  return (
    <div class="shell" data-rail={rail.value}>
      <Rail />
      <Strip onHelp={() => (showsHelp.value = true)} />
      <main class="shell-page">
        <PageHost />
      </main>
      {showsHelp.value && <Help onClose={() => (showsHelp.value = false)} />}
    </div>
  );
}
