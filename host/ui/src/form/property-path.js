// Paths such as `messages[0].content`, which the service uses to locate a failure in
// an input.

/** @returns {string[]} the steps */
export function parsePath(path) {
  return path.match(/[^.[\]]+/g) ?? [];
}

/** Builds rjsf's error tree with a single message. */
export function errorAt(path, message) {
  return errorsAt([{ property: path, message }]);
}

/**
 * Builds rjsf's error tree.
 *
 * @param {{property: string, message: string}[]} violations
 */
export function errorsAt(violations) {
  const tree = {};
  for (const { property, message } of violations) {
    const place = parsePath(property).reduce((inner, step) => (inner[step] ??= {}), tree);
    (place.__errors ??= []).push(message);
  }
  return tree;
}

/** The paths of all errors in a tree, in its order. */
export function pathsOf(errors, above = []) {
  return Object.entries(errors ?? {}).flatMap(([step, inner]) =>
    step === '__errors' ? (inner?.length > 0 ? [above] : []) : pathsOf(inner, [...above, step]),
  );
}

/**
 * Moves the focus to the control of a property or, if it has none, to the nearest
 * control around it.
 *
 * @param {HTMLElement} form
 * @param {string} prefix of the form's ids
 * @param {string[]} path
 * @returns {boolean} whether a control was found
 */
export function focusProperty(form, prefix, path) {
  for (let length = path.length; length > 0; length -= 1) {
    const id = [prefix, ...path.slice(0, length)].join('_');
    const found = form.querySelector(`#${CSS.escape(id)}`);
    if (found) {
      unfold(found);
      const control = found.matches(FOCUSABLE) ? found : found.querySelector(FOCUSABLE);
      (control ?? found).focus({ preventScroll: true });
      found.scrollIntoView({ block: 'center' });
      return true;
    }
  }
  return false;
}

const FOCUSABLE = 'input:not([type=hidden]), select, textarea, button, [tabindex]';

function unfold(element) {
  for (let fold = element.closest('details'); fold; fold = fold.parentElement.closest('details')) {
    fold.open = true;
  }
}
