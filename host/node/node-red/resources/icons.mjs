// The icons of connectors, which come from their descriptors rather than from files.

import { actionType } from './types.mjs';

/** A connector's icon as a `data:` URL; undefined if it has none. */
function iconOf({ icon }) {
  const svg = icon && new DOMParser().parseFromString(icon, 'image/svg+xml').documentElement;
  if (svg?.nodeName !== 'svg') {
    return undefined;
  }
  // An SVG without a size would not be visible as an image.
  svg.setAttribute('width', '60');
  svg.setAttribute('height', '60');
  const bytes = new TextEncoder().encode(new XMLSerializer().serializeToString(svg));
  return `data:image/svg+xml;base64,${btoa(String.fromCharCode(...bytes))}`;
}

/**
 * Node-RED supports only icons that are files of a package. This adds those of
 * connectors, for nodes without an icon chosen by the user.
 *
 * @param {{address: string, definition: object}[]} connectors
 */
export function showIcons(connectors) {
  const known = new Map(
    connectors.flatMap(({ address, definition }) => {
      const icon = iconOf(definition);
      return definition.actions.map(({ name }) => [actionType(address, name), icon]);
    }),
  );
  const { getNodeIcon } = RED.utils;
  RED.utils.getNodeIcon = (definition, node) =>
    (node?.icon ? undefined : known.get(definition?.type)) ?? getNodeIcon(definition, node);
}

/** A connector's color, derived from its name and light enough for dark text. */
export function colorOf(name) {
  const hash = [...name].reduce((sum, character) => (31 * sum + character.codePointAt(0)) % 360, 7);
  return `hsl(${hash}, 45%, 84%)`;
}
