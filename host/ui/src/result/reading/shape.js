// The shape that an action declares for its output: a tree of rows with labels and
// hints for the display.

/**
 * @typedef {object} Shape
 * @property {string} type such as `OBJECT`
 * @property {string} [name]
 * @property {string} [label]
 * @property {string} [display] such as `markdown`
 * @property {Shape[]} [children] the members of an object, or the items of an array
 */

/**
 * The possible shapes of an action's output.
 *
 * @param {{output?: Shape, possibleOutputs?: Shape[]}} [action] in a descriptor
 * @returns {Shape[]}
 */
export function shapesOf(action) {
  return action?.possibleOutputs ?? (action?.output ? [action.output] : []);
}

/** The first of the shapes that a value fits. */
export function shapeOf(value, shapes = []) {
  return shapes.find((shape) => fits(value, shape));
}

/** The shape of a member of an object. */
export const memberOf = (shape, name) => shape?.children?.find((child) => child.name === name);

/** The shape of the items of an array. */
export const itemOf = (shape) => (shape?.type === 'ARRAY' ? shape.children?.[0] : undefined);

function fits(value, { type, children = [] }) {
  switch (type) {
    case 'STRING':
      return typeof value === 'string';
    case 'ARRAY':
      return Array.isArray(value);
    case 'OBJECT':
      return isObject(value) && children.every(({ name, required }) => !required || name in value);
    default:
      return true;
  }
}

/** Whether a value is a JSON object. */
export const isObject = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
