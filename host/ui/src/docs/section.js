// A part of a connector's reference.

/**
 * The section of an action; everything if there is none.
 *
 * @param {string} docs
 * @param {string} title the action's
 */
export function sectionOf(docs, title) {
  // The front matter is for sites. Its rules are HTML, which is not rendered.
  const text = docs.replace(/^---\n.*?\n---\n/s, '').replaceAll('<hr />', '---');
  const actions = text.slice(Math.max(0, text.indexOf('\n## Actions')));
  const start = actions.indexOf(`\n### ${title}\n`);
  if (start < 0) {
    return text;
  }
  const section = actions.slice(start + 1);
  const end = section.slice(1).search(/\n#{1,3} /);
  return end < 0 ? section : section.slice(0, end + 1);
}
