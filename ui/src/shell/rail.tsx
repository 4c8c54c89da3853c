import { rail } from '../lib/prefs.js';
import { href, route } from '../lib/router.js';
import { Icon } from '../parts/icon.js';
import { PAGES } from './pages.js';

/** All pages; on a phone it is a bar at the bottom that scrolls sideways. */
export function Rail() {
  const isWide = rail.value === 'wide';
  return (
    <nav class="rail" aria-label="Pages">
      <a class="rail-name" href={href('live')} aria-label="log-capturer, live lines">
        <Icon name="logo" />
        <span>log-capturer</span>
      </a>
      {PAGES.map(
        ({ name, title, icon }) =>
          icon && (
            <a
              key={name}
              class="rail-page"
              href={href(name)}
              aria-current={route.value.page === name ? 'page' : undefined}
              title={isWide ? undefined : title}
            >
              <Icon name={icon} />
              <span>{title}</span>
            </a>
          ),
      )}
      <button
        type="button"
        class="rail-fold"
        aria-expanded={isWide}
        aria-label={isWide ? 'Make the rail narrow' : 'Make the rail wide'}
        onClick={() => (rail.value = isWide ? 'narrow' : 'wide')}
      >
        <Icon name={isWide ? 'fold' : 'unfold'} />
      </button>
    </nav>
  );
}
