// Text as it arrives, one block for each choice.

export function Streamed({ texts, isRunning }) {
  return texts.map((text, choice) => (
    // Choices have no identity but their number.
    <p className="answer" key={`${choice}`}>
      {text}
      {isRunning && <span className="caret" aria-hidden="true" />}
    </p>
  ));
}
