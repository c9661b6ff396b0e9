// A transcript: its text, and its parts with timestamps. If the recording is
// available, clicking a timestamp plays it from there.

import { useRef } from 'react';
import { CopyButton } from '../parts/copy-button.jsx';
import { FileView } from '../parts/file-view.jsx';
import { formatClock, formatDuration, labelOf } from '../parts/format.js';

export function Transcript({ transcript, recording }) {
  const { text, facts, lists } = transcript;
  const player = useRef(null);
  const play = (start) => {
    player.current.currentTime = start;
    player.current.play().catch(() => {});
  };
  return (
    <section className="transcript" aria-label="Transcript">
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{labelOf(name)}</dt>
              <dd>{name === 'duration' ? formatDuration(value * 1000) : String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <article className="answer-card">
        <p className="answer">{text}</p>
        <CopyButton text={text} />
      </article>
      {recording && lists.length > 0 && <FileView file={recording} player={player} />}
      {lists.map(({ name, parts }) => (
        <div key={name}>
          <h4>{labelOf(name)}</h4>
          <ol className="parts">
            {parts.map((part, index) => (
              <li key={`${part.start} ${index}`}>
                <Time part={part} onPlay={recording && play} />
                {part.speaker && <b className="speaker">{part.speaker}</b>}
                <span>{part.text.trim()}</span>
              </li>
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}

function Time({ part, onPlay }) {
  const span = `${formatClock(part.start)} – ${formatClock(part.end)}`;
  return onPlay ? (
    <button
      type="button"
      className="time"
      aria-label={`Play from ${formatClock(part.start)}`}
      onClick={() => onPlay(part.start)}
    >
      {span}
    </button>
  ) : (
    <span className="time">{span}</span>
  );
}
