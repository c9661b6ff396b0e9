// Fits node labels into the palette.

/** The space that Node-RED gives a label, in pixels. */
const WIDTH = 82;
const LINE = 20;
/** Smaller labels would not be readable. */
const MIN_SCALE = 0.75;

/**
 * Node-RED breaks a word that is wider than a node at an arbitrary letter. This shrinks
 * the whole label instead, unless it would become unreadable.
 */
export function keepWordsWhole(type, title) {
  const width = (text) => RED.view.calculateTextWidth(text, 'red-ui-palette-label');
  const words = title.split(' ');
  const scale = (WIDTH - 1) / Math.max(...words.map(width));
  if (scale >= 1 || scale < MIN_SCALE) {
    return;
  }
  const lines = [];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && scale * width(longer) < WIDTH) {
      lines[lines.length - 1] = longer;
    } else {
      lines.push(word);
    }
  }
  const node = $('.red-ui-palette-node').filter((_, one) => one.dataset.paletteType === type);
  const height = 8 + LINE * lines.length;
  node.css({ height });
  node.find('.red-ui-palette-port').css({ top: height / 2 - 5 });
  const label = node.find('.red-ui-palette-label').empty();
  label.css({ fontSize: scale * parseFloat(label.css('font-size')) });
  lines.forEach((line) => $('<div>').text(line).appendTo(label));
}
