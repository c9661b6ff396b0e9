// Formats values for people.

/** Turns `durationMs` into `Duration ms`, `completion_tokens` into `Completion tokens`. */
export function labelOf(name) {
  const words = name
    .replace(/_/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\b(id|ids|url|urls)\b/g, (word) => word.toUpperCase().replace(/S$/, 's'));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Formats a duration in milliseconds. */
export function formatDuration(ms) {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : formatClock(ms / 1000);
}

/** Formats a position in a recording, in seconds. */
export function formatClock(seconds) {
  const whole = Math.floor(seconds);
  const pad = (number) => String(number).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** Formats a time in milliseconds since 1970; undefined if there is no such time. */
export function formatTime(ms) {
  return Number.isNaN(new Date(ms).getTime()) ? undefined : TIME.format(ms);
}

/** Capitalizes a message from the service, which begins in lowercase to be embedded. */
export function asSentence(message) {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
