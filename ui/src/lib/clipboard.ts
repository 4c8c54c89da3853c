/** Whether the browser took it. Over plain HTTP from elsewhere it has no clipboard for pages, but still the old command. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

function copyByCommand(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const isTaken = document.execCommand('copy');
  area.remove();
  return isTaken;
}
