// Records from the microphone, for fields that accept a format that the browser can
// record.

import { useEffect, useRef, useState } from 'react';
import { formatClock } from '../../parts/format.js';
import { Microphone, Stop } from '../../parts/icons.jsx';

/** What browsers record, and the file name extensions that fields accept for it. */
const FORMATS = [
  { type: 'audio/webm', extension: 'webm' },
  { type: 'audio/mp4', extension: 'm4a' },
  { type: 'audio/mp4', extension: 'mp4' },
  { type: 'audio/ogg', extension: 'ogg' },
];

/** Video formats are accepted by many fields that are not for speech. */
const AUDIO = ['mp3', 'wav', 'flac', 'm4a', 'ogg', 'opus', 'aac'];

export function Recorder({ accept = [], label, onRecorded }) {
  const [startedAt, setStartedAt] = useState();
  const [error, setError] = useState();
  const recorder = useRef();
  useEffect(() => () => stop(recorder.current), []);

  const format = formatFor(accept);
  if (!format) {
    return null;
  }
  const start = async () => {
    setError(undefined);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      recorder.current = record(stream, format, (file) => {
        setStartedAt(undefined);
        onRecorded(file);
      });
      setStartedAt(Date.now());
    } catch {
      setError('The microphone is not available. Allow it in the browser’s settings.');
    }
  };
  return (
    <>
      {startedAt ? (
        <button
          type="button"
          className="button button-stop"
          onClick={() => recorder.current.stop()}
        >
          <Stop /> Stop <Clock since={startedAt} />
        </button>
      ) : (
        <button type="button" className="button" aria-label={`Record ${label}`} onClick={start}>
          <Microphone /> Record
        </button>
      )}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}

function formatFor(accept) {
  const canRecord = navigator.mediaDevices && typeof MediaRecorder !== 'undefined';
  if (!canRecord || !accept.some((extension) => AUDIO.includes(extension))) {
    return undefined;
  }
  return FORMATS.find(
    ({ type, extension }) => accept.includes(extension) && MediaRecorder.isTypeSupported(type),
  );
}

function record(stream, { type, extension }, onEnd) {
  const recorder = new MediaRecorder(stream, { mimeType: type });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => {
    stream.getTracks().forEach((track) => track.stop());
    const name = `recording-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.${extension}`;
    onEnd(new File(parts, name, { type }));
  };
  recorder.start();
  return recorder;
}

/** Lets go of the microphone when the field disappears, without using the recording. */
function stop(recorder) {
  if (recorder && recorder.state !== 'inactive') {
    recorder.onstop = undefined;
    recorder.stop();
    recorder.stream.getTracks().forEach((track) => track.stop());
  }
}

function Clock({ since }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <span className="run-elapsed">{formatClock(Math.max(0, now - since) / 1000)}</span>;
}
