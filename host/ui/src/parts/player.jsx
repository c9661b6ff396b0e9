// Plays audio or video, at a chosen speed.

import { useId, useRef, useState } from 'react';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/**
 * @param {object} props
 * @param {string} props.url
 * @param {string} props.name
 * @param {'audio' | 'video'} props.kind
 * @param {import('react').RefObject} [props.player] receives the element
 * @param {(seconds: number) => void} [props.onTime] receives the position during playback
 */
export function Player({ url, name, kind: Kind, player, onTime }) {
  const own = useRef(null);
  const element = player ?? own;
  const [speed, setSpeed] = useState(1);
  const id = useId();
  const apply = (chosen) => {
    setSpeed(chosen);
    element.current.playbackRate = chosen;
  };
  return (
    <div className="player">
      <Kind
        ref={element}
        src={url}
        controls
        preload="metadata"
        aria-label={name}
        // Loading another recording resets it.
        onLoadedMetadata={({ target }) => (target.playbackRate = speed)}
        onTimeUpdate={onTime && (({ target }) => onTime(target.currentTime))}
      />
      <div className="player-speed">
        <label htmlFor={id}>Speed</label>
        <select
          id={id}
          className="input select"
          value={speed}
          onChange={({ target }) => apply(Number(target.value))}
        >
          {SPEEDS.map((choice) => (
            <option key={choice} value={choice}>
              {choice}×
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
