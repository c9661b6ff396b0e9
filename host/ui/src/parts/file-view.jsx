// Shows a file as an image, a player or just its name, with a download link.

import { useFileUrl } from '../api/files.js';
import { Download } from './icons.jsx';

/** @param {{file: object, player?: import('react').Ref}} props */
export function FileView({ file, player }) {
  const url = useFileUrl(file.url);
  const name = file.name ?? file.url.split('/').pop();
  return (
    <figure className="file-view">
      {url && <Content url={url} name={name} mimeType={file.mimeType} player={player} />}
      <figcaption>
        <span className="file-name">{name}</span>
        <span className="file-type">{file.mimeType}</span>
        {url && (
          <a className="button button-small" href={url} download={name}>
            <Download /> Download
          </a>
        )}
      </figcaption>
    </figure>
  );
}

function Content({ url, name, mimeType, player }) {
  if (mimeType.startsWith('image/')) {
    return <img src={url} alt={name} />;
  }
  if (mimeType.startsWith('audio/')) {
    return <audio ref={player} src={url} controls preload="metadata" aria-label={name} />;
  }
  if (mimeType.startsWith('video/')) {
    return <video ref={player} src={url} controls preload="metadata" aria-label={name} />;
  }
  return null;
}
