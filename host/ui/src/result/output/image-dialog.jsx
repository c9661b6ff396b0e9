// An enlarged image. Arrow keys show the next and the previous one.

import { useState } from 'react';
import { useFileUrl } from '../../api/files.js';
import { Dialog } from '../../parts/dialog.jsx';
import { FileCaption, nameOf } from '../../parts/file-view.jsx';
import { Chevron } from '../../parts/icons.jsx';
import { Notes } from './files.jsx';

/**
 * @param {object} props
 * @param {object[]} props.images
 * @param {Map<string, [string, string][]>} props.notes
 * @param {number} props.index
 * @param {(index: number) => void} props.onMove
 * @param {() => void} props.onClose
 */
export function ImageDialog({ images, notes, index, onMove, onClose }) {
  const file = images[index];
  const url = useFileUrl(file.url);
  const [isFull, setFull] = useState(false);
  const move = (step) => {
    setFull(false);
    onMove((index + step + images.length) % images.length);
  };
  const press = ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (step && images.length > 1) {
      move(step);
    }
  };
  const position = images.length > 1 ? ` (${index + 1} of ${images.length})` : '';
  return (
    <Dialog title={`${nameOf(file)}${position}`} isWide onClose={onClose} onKeyDown={press}>
      <div className="dialog-body">
        <div className="enlarged">
          <button
            type="button"
            className={isFull ? 'enlarged-image full' : 'enlarged-image'}
            aria-label={isFull ? 'Fit the image to the screen' : 'Show the image at its full size'}
            onClick={() => setFull(!isFull)}
          >
            {url && <img src={url} alt={nameOf(file)} />}
          </button>
          {images.length > 1 && (
            <>
              <button
                type="button"
                className="button-icon enlarged-previous"
                aria-label="Previous image"
                onClick={() => move(-1)}
              >
                <Chevron />
              </button>
              <button
                type="button"
                className="button-icon enlarged-next"
                aria-label="Next image"
                onClick={() => move(1)}
              >
                <Chevron />
              </button>
            </>
          )}
        </div>
        <Notes notes={notes.get(file.url)} />
        <figure className="file-view">
          <FileCaption file={file} url={url} />
        </figure>
      </div>
    </Dialog>
  );
}
