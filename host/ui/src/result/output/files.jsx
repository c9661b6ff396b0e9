// Files: images in a grid, to enlarge, and the others below each other.

import { useState } from 'react';
import { useFileUrl } from '../../api/files.js';
import { FileCaption, FileView, nameOf } from '../../parts/file-view.jsx';
import { labelOf } from '../../parts/format.js';
import { ImageDialog } from './image-dialog.jsx';

/** @param {{files: object[], notes: Map<string, [string, string][]>}} props */
export function Files({ files, notes }) {
  const [enlarged, setEnlarged] = useState();
  const images = files.filter(isImage);
  return (
    <>
      {images.length > 0 && (
        <ul className={images.length > 1 ? 'gallery' : 'single'}>
          {images.map((file, index) => (
            <li key={file.url}>
              <Image file={file} notes={notes.get(file.url)} onEnlarge={() => setEnlarged(index)} />
            </li>
          ))}
        </ul>
      )}
      {files
        .filter((file) => !isImage(file))
        .map((file) => (
          <FileView key={file.url} file={file} />
        ))}
      {enlarged !== undefined && (
        <ImageDialog
          images={images}
          notes={notes}
          index={enlarged}
          onMove={setEnlarged}
          onClose={() => setEnlarged(undefined)}
        />
      )}
    </>
  );
}

const isImage = ({ mimeType }) => mimeType.startsWith('image/');

function Image({ file, notes, onEnlarge }) {
  const url = useFileUrl(file.url);
  return (
    <figure className="file-view">
      {url && (
        <button
          type="button"
          className="image-button"
          aria-label={`Enlarge ${nameOf(file)}`}
          onClick={onEnlarge}
        >
          <img src={url} alt={nameOf(file)} />
        </button>
      )}
      <Notes notes={notes} />
      <FileCaption file={file} url={url} />
    </figure>
  );
}

/** What the output says about a file, such as a revised prompt. */
export function Notes({ notes = [] }) {
  return notes.map(([name, text]) => (
    <p className="file-note" key={name} dir="auto">
      <b>{labelOf(name)}</b> {text}
    </p>
  ));
}
