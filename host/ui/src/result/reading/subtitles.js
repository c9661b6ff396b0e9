// Reads and writes subtitles: SubRip (srt) and WebVTT (vtt).

/** @typedef {import('./transcript.js').Part} Part */

const TIMES = /^((?:\d+:)?\d\d:\d\d[.,]\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d[.,]\d{3})/;

/** @returns {Part[] | undefined} undefined if the text is not subtitles */
export function parseSubtitles(text) {
  if (!/^\uFEFF?(?:WEBVTT\b|\d+\r?\n(?:\d+:)?\d\d:\d\d)/.test(text)) {
    return undefined;
  }
  const parts = [];
  for (const block of text.split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/);
    const at = lines.findIndex((line) => TIMES.test(line));
    if (at >= 0) {
      const [, start, end] = TIMES.exec(lines[at]);
      const spoken = lines
        .slice(at + 1)
        .join(' ')
        .trim();
      const [, speaker, words] = /^<v ([^>]+)>(.*)$/s.exec(spoken) ?? [];
      parts.push({ start: seconds(start), end: seconds(end), text: words ?? spoken, speaker });
    }
  }
  return parts.length > 0 ? parts : undefined;
}

function seconds(time) {
  return time
    .replace(',', '.')
    .split(':')
    .reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** @param {Part[]} parts */
export function toSrt(parts) {
  const block = ({ start, end, text, speaker }, index) =>
    `${index + 1}\n${stamp(start, ',')} --> ${stamp(end, ',')}\n${speaker ? `${speaker}: ` : ''}${line(text)}\n`;
  return parts.map(block).join('\n');
}

/** @param {Part[]} parts */
export function toVtt(parts) {
  const block = ({ start, end, text, speaker }) => {
    const voice = speaker ? `<v ${escaped(speaker)}>` : '';
    return `${stamp(start, '.')} --> ${stamp(end, '.')}\n${voice}${escaped(line(text))}\n`;
  };
  return `WEBVTT\n\n${parts.map(block).join('\n')}`;
}

/** One line a part if there are speakers, or else just the text. */
export function toText(text, parts) {
  const hasSpeakers = parts.some(({ speaker }) => speaker);
  return hasSpeakers ? parts.map((part) => `${part.speaker ?? ''}: ${part.text}`).join('\n') : text;
}

/** An empty line would end the subtitle. */
const line = (text) => text.replace(/\s*\n\s*/g, ' ');

const escaped = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function stamp(time, point) {
  const ms = Math.round(time * 1000);
  const pad = (number, width = 2) => String(number).padStart(width, '0');
  const [h, m, s] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1000) % 60,
  ];
  return `${pad(h)}:${pad(m)}:${pad(s)}${point}${pad(ms % 1000, 3)}`;
}
