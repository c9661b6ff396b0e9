// Renders a message from the service, with names in backticks as code.

export function Sentence({ text }) {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? <code key={`${index}`}>{part}</code> : part));
}
