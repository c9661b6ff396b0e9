// A transcript: its text, its parts with timestamps, and downloads. If the recording is
// available, a timestamp plays it from there, and the spoken part is marked.

import { useEffect, useRef, useState } from 'react';
import { FileView } from '../../parts/file-view.jsx';
import { formatClock, formatDuration, labelOf } from '../../parts/format.js';
import { Segments } from '../../parts/segments.jsx';
import { Downloads } from './downloads.jsx';
import { Facts } from './facts.jsx';
import { Text } from './text.jsx';

/**
 * @param {object} props
 * @param {import('../reading/transcript.js').Transcript} props.transcript
 * @param {object} [props.recording] a FILE_ENTRY
 */
export function Transcript({ transcript, recording }) {
  const { text, facts, lists } = transcript;
  const player = useRef(null);
  const [position, setPosition] = useState();
  const [chosen, setChosen] = useState(0);
  const parts = lists[chosen]?.parts ?? [];
  const play = (start) => {
    player.current.currentTime = start;
    player.current.play().catch(() => {});
  };
  const shownFacts = facts.map(([name, value]) => ({
    label: labelOf(name),
    value: name === 'duration' ? formatDuration(value * 1000) : value,
  }));
  return (
    <section className="transcript" aria-label="Transcript">
      <Facts facts={shownFacts} />
      <Text text={text} isMarkdown={false} />
      {recording && parts.length > 0 && (
        <FileView file={recording} player={player} onTime={setPosition} />
      )}
      <Downloads text={text} parts={parts} name={recording?.name} />
      {lists.length > 1 && (
        <Segments
          label="Parts of the transcript"
          options={lists.map(({ name }, index) => ({ value: index, label: labelOf(name) }))}
          value={chosen}
          onChange={setChosen}
        />
      )}
      {parts.length > 0 && (
        <Parts
          parts={parts}
          label={labelOf(lists[chosen].name)}
          position={position}
          onPlay={recording && play}
        />
      )}
    </section>
  );
}

function Parts({ parts, label, position, onPlay }) {
  const scroller = useRef(null);
  const speakers = [...new Set(parts.map(({ speaker }) => speaker))];
  const spoken =
    position === undefined
      ? -1
      : parts.findLastIndex(({ start, end }) => start <= position && position < end);
  useEffect(() => {
    const part = scroller.current.querySelector('[aria-current]');
    if (part) {
      // Not `scrollIntoView`, which would scroll the page too.
      scroller.current.scrollTop = part.offsetTop - scroller.current.clientHeight / 3;
    }
  }, [spoken]);
  return (
    <div className="parts" tabIndex={0} role="group" aria-label={label} ref={scroller}>
      <ol>
        {parts.map((part, index) => (
          <li key={`${index}`} aria-current={index === spoken ? 'true' : undefined}>
            {part.speaker && part.speaker !== parts[index - 1]?.speaker && (
              <b className="speaker" data-speaker={speakers.indexOf(part.speaker) % 4}>
                <bdi>{part.speaker}</bdi>
              </b>
            )}
            <Time part={part} onPlay={onPlay} />
            <span dir="auto">{part.text}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Time({ part, onPlay }) {
  const span = `${formatClock(part.start)} – ${formatClock(part.end)}`;
  return onPlay ? (
    <button type="button" className="time" onClick={() => onPlay(part.start)}>
      <span className="hidden">Play </span>
      {span}
    </button>
  ) : (
    <span className="time">{span}</span>
  );
}
