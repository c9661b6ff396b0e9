// The icons of connectors, which are in their descriptors and not in files.

import { actionType } from './types.mjs';

/** A connector's icon as an address; undefined if it has none. */
function iconOf({ icon }) {
  const svg = icon && new DOMParser().parseFromString(icon, 'image/svg+xml').documentElement;
  if (svg?.nodeName !== 'svg') {
    return undefined;
  }
  // Without a size an image has none either.
  svg.setAttribute('width', '60');
  svg.setAttribute('height', '60');
  const bytes = new TextEncoder().encode(new XMLSerializer().serializeToString(svg));
  return `data:image/svg+xml;base64,${btoa(String.fromCharCode(...bytes))}`;
}

/**
 * Node-RED knows icons that are files of a package. This tells it of those of
 * connectors, for nodes for which the user has chosen none.
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

/** A colour of its own for each connector, light enough for dark text. */
export function colourOf(name) {
  const hash = [...name].reduce((sum, character) => (31 * sum + character.codePointAt(0)) % 360, 7);
  return `hsl(${hash}, 45%, 84%)`;
}
