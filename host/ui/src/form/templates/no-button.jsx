// Replaces rjsf's submit button: the page's own buttons submit the forms.

export function NoButton() {
  return null;
}
