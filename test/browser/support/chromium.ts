/** Debian's Chromium for the tests and the pictures: as installed, else installed where that can be done. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { installPackages, whyNoPackages } from '../../support/debian-packages.js';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const installed = (): string | undefined => PROGRAMS.find((file) => existsSync(file));

/** Why there is none to be had here, as half a sentence; undefined where there is. */
export function whyNoChromium(): string | undefined {
  return installed() === undefined ? whyNoPackages() : undefined;
}

/** Starts it without a window, and installs it where it is missing. `env` is added to its environment. Close it. */
export async function startChromium(env: Readonly<Record<string, string>> = {}): Promise<Browser> {
  if (installed() === undefined) installPackages(['chromium']);
  const executablePath = installed();
  if (executablePath === undefined) throw new Error("Debian's package chromium brought no program.");
  // Its sandbox refuses root.
  return chromium.launch({
    executablePath,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    env: { ...process.env, ...env },
  });
}
