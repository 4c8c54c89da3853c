/** Fonts for pictures: what most people's systems have is better to look at than the one that a bare server has. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { unpackPackages, whyNoPackages } from '../../support/debian-packages.js';

const PACKAGES = ['fonts-inter', 'fonts-jetbrains-mono', 'fonts-noto-color-emoji'];
const SANS = ['system-ui', 'sans-serif'];
const MONO = ['ui-monospace', 'monospace'];

/** What tells a browser of them, fetched below `folder`; nothing where they are not to be had. */
export function fontsForPictures(folder: string): Readonly<Record<string, string>> {
  if (whyNoPackages() !== undefined) return {};
  const { root } = unpackPackages(PACKAGES, path.join(folder, 'fonts'));
  const prefer = (families: readonly string[], font: string): string =>
    families
      .map(
        (family) =>
          `<match target="pattern"><test name="family"><string>${family}</string></test><edit name="family" mode="prepend" binding="strong"><string>${font}</string></edit></match>`,
      )
      .join('\n');
  const file = path.join(folder, 'fonts.conf');
  writeFileSync(
    file,
    `<?xml version="1.0"?>
<fontconfig>
<dir>${root}/usr/share/fonts</dir>
<dir>/usr/share/fonts</dir>
<cachedir>${folder}/fonts-cache</cachedir>
${prefer(SANS, 'Inter')}
${prefer(MONO, 'JetBrains Mono')}
</fontconfig>
`,
  );
  return { FONTCONFIG_FILE: file };
}
