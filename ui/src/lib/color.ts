/** Colours of the tokens for canvases, which know no variables. */

/** `--hue-0` as the browser has it now: `rgb(…)`. */
export function tokenColor(name: `--${string}`): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
