/** Which build the agent is. */
import { usePoll } from '../lib/use-poll.js';
import { CopyButton } from '../parts/copy-button.js';
import { Notice } from '../parts/notice.js';

interface Build {
  readonly version: string;
  readonly revision: string;
  readonly digest: string;
  readonly dirty: boolean;
  /** Digest of the build that lies on the disk now; null where none can be read. */
  readonly onDisk: string | null;
}

const EVERY_MS = 60_000;

export function BuildFacts() {
  const { state } = usePoll<Build>('api/v1/build', EVERY_MS);
  const { value } = state.value;
  if (!value) return null;
  const { version, revision, digest, dirty, onDisk } = value;
  return (
    <section class="resources-card" aria-label="Build">
      <h2>Build</h2>
      <dl>
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>Revision</dt>
        <dd>
          <code>{revision}</code>
        </dd>
        <dt>Digest</dt>
        <dd>
          <code>{digest}</code>
        </dd>
      </dl>
      <p class={onDisk === digest ? 'good' : 'warn'}>{onDiskWords(digest, onDisk)}</p>
      {dirty && (
        <Notice tone="warn">
          Its sources differed from that revision. The digest names what was really built.
        </Notice>
      )}
      <CopyButton
        text={() =>
          `log-capturer ${version}, revision ${revision}${dirty ? ' with changes' : ''}, digest ${digest}`
        }
      >
        Copy for a report
      </CopyButton>
    </section>
  );
}

function onDiskWords(digest: string, onDisk: string | null): string {
  if (onDisk === digest) return 'It is the build on the disk.';
  return onDisk === null
    ? 'No build can be read from the disk any more.'
    : `Another build lies on the disk, digest ${onDisk}: restart the agent to run that.`;
}
