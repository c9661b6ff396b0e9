// A message of the service, in which names stand in backquotes.

export function Sentence({ text }) {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? <code key={`${index}`}>{part}</code> : part));
}
