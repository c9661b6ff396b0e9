// Accepts files by click, keyboard, drag and drop or paste, or from the microphone, and
// uploads them with progress.

import { useEffect, useRef, useState } from 'react';
import { formatBytes, upload } from '../../api/files.js';
import { Upload } from '../../parts/icons.jsx';
import { Recorder } from './recorder.jsx';
import { usePastedFiles } from './use-pasted-files.js';

/**
 * @param {object} props
 * @param {string} props.id the control's id
 * @param {string} props.label
 * @param {boolean} [props.isMultiple]
 * @param {string[]} [props.accept] file name extensions
 * @param {number} [props.maxBytes]
 * @param {(entry: object) => void} props.onUploaded
 */
export function FilePicker({ id, label, isMultiple, accept, maxBytes, onUploaded }) {
  const [transfer, setTransfer] = useState();
  const [error, setError] = useState();
  const [isOver, setOver] = useState(false);
  const controller = useRef();
  const box = useRef(null);
  useEffect(() => () => controller.current?.abort(), []);
  usePastedFiles(
    box,
    (file) => problemOf(file, accept, maxBytes) === undefined,
    (files) => take(files),
  );

  const take = async (files) => {
    setError(undefined);
    controller.current = new AbortController();
    try {
      for (const file of isMultiple ? files : files.slice(0, 1)) {
        const problem = problemOf(file, accept, maxBytes);
        if (problem) {
          throw new Error(problem);
        }
        setTransfer({ name: file.name, share: 0 });
        const onProgress = (share) => setTransfer({ name: file.name, share });
        onUploaded(await upload(file, onProgress, controller.current.signal));
      }
    } catch (failure) {
      if (failure.name !== 'AbortError') {
        setError(failure.message);
      }
    } finally {
      setTransfer(undefined);
    }
  };

  if (transfer) {
    return (
      <div className="upload" role="status">
        <span className="file-name">{transfer.name}</span>
        <progress value={transfer.share} aria-label={`Uploading ${transfer.name}`} />
        <span>{Math.round(transfer.share * 100)}%</span>
        <button
          type="button"
          className="button button-small"
          onClick={() => controller.current.abort()}
        >
          Cancel
        </button>
      </div>
    );
  }
  const limits = [
    accept?.join(', '),
    maxBytes !== undefined && `up to ${formatBytes(maxBytes)}`,
  ].filter(Boolean);
  return (
    <div
      ref={box}
      className={isOver ? 'drop drop-over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take([...event.dataTransfer.files]);
      }}
    >
      <input
        id={id}
        type="file"
        className="hidden"
        multiple={isMultiple}
        accept={accept?.map((extension) => `.${extension}`).join(',')}
        aria-label={label}
        aria-describedby={`${id}__limits`}
        onChange={({ target }) => take([...target.files])}
      />
      <label htmlFor={id} className="button">
        <Upload /> {isMultiple ? 'Choose files' : 'Choose a file'}
      </label>
      <Recorder accept={accept} label={label} onRecorded={(file) => take([file])} />
      <span className="drop-hint">or drop or paste {isMultiple ? 'them' : 'it'} here</span>
      {limits.length > 0 && (
        <span className="drop-limits" id={`${id}__limits`}>
          {limits.join(' · ')}
        </span>
      )}
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** Why a file would be refused, before anything is sent. */
function problemOf(file, accept, maxBytes) {
  const extension = file.name.split('.').pop().toLowerCase();
  if (accept && !accept.includes(extension)) {
    return `${file.name} has the wrong type; expected ${accept.join(', ')}`;
  }
  return file.size > maxBytes
    ? `${file.name} is too large: ${formatBytes(file.size)}; the limit is ${formatBytes(maxBytes)}`
    : undefined;
}
