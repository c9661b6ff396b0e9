// Extracts a part of a connector's reference.

/**
 * Returns the section of an action, or everything if it has no section.
 *
 * @param {string} docs
 * @param {string} title the action's title
 */
export function sectionOf(docs, title) {
  // Drops the front matter, which is for site generators, and turns HTML rules, which
  // are not rendered, into Markdown.
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
