// Forms are submitted by buttons of the page, outside of them.

export function NoButton() {
  return null;
}
