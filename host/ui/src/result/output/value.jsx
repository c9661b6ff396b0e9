// One value for people, in a table or a list of facts.

import { isFileEntry } from '../../api/files.js';
import { nameOf } from '../../parts/file-view.jsx';
import { formatTime } from '../../parts/format.js';
import { shortJson, shortened } from '../reading/json-text.js';

/** @param {{value: unknown, display?: string}} props `display` is the hint of its shape */
export function Value({ value, display }) {
  if (value === null || value === undefined) {
    return null;
  }
  if (typeof value === 'number') {
    return display === 'unix-time' ? <Time ms={value * 1000} raw={value} /> : String(value);
  }
  if (typeof value === 'boolean') {
    return value ? 'Yes' : 'No';
  }
  if (typeof value === 'string') {
    return <Text text={value} />;
  }
  if (
    Array.isArray(value) &&
    value.every((one) => typeof one === 'string' || typeof one === 'number')
  ) {
    return shortened(value.slice(0, 50).join(', '), 200);
  }
  return isFileEntry(value) ? <bdi>{nameOf(value)}</bdi> : <code>{shortJson(value)}</code>;
}

function Text({ text }) {
  if (/^https?:\/\/\S+$/.test(text)) {
    return (
      <a href={text} target="_blank" rel="noopener noreferrer">
        {shortened(text.replace(/^https?:\/\//, ''), 40)}
      </a>
    );
  }
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && text.length < 40) {
    return <Time ms={Date.parse(text)} raw={text} />;
  }
  return <bdi>{shortened(text, 500)}</bdi>;
}

function Time({ ms, raw }) {
  const text = formatTime(ms);
  return text ? (
    <time dateTime={new Date(ms).toISOString()} title={String(raw)}>
      {text}
    </time>
  ) : (
    String(raw)
  );
}
