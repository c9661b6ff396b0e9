// Streamed text, one block per choice.

export function Streamed({ texts, isRunning }) {
  return texts.map((text, choice) => (
    // Choices are identified by their index.
    <p className="answer" key={`${choice}`}>
      {text}
      {isRunning && <span className="caret" aria-hidden="true" />}
    </p>
  ));
}
