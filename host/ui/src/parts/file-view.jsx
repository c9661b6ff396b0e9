// Shows a file as an image, a player or just its name, with a download link.

import { useFileUrl } from '../api/files.js';
import { Download } from './icons.jsx';
import { Player } from './player.jsx';

/**
 * @param {object} props
 * @param {object} props.file a FILE_ENTRY
 * @param {import('react').Ref} [props.player] receives the audio or video element
 * @param {(seconds: number) => void} [props.onTime] receives the position during playback
 */
export function FileView({ file, player, onTime }) {
  const url = useFileUrl(file.url);
  return (
    <figure className="file-view">
      {url && <Content url={url} file={file} player={player} onTime={onTime} />}
      <FileCaption file={file} url={url} />
    </figure>
  );
}

export function FileCaption({ file, url }) {
  const name = nameOf(file);
  return (
    <figcaption>
      <bdi className="file-name">{name}</bdi>
      <span className="file-type">{file.mimeType}</span>
      {url && (
        <a
          className="button button-small"
          href={url}
          download={name}
          aria-label={`Download ${name}`}
        >
          <Download /> Download
        </a>
      )}
    </figcaption>
  );
}

/** A file's name, without the characters that reverse text and so hide an extension. */
export function nameOf(file) {
  const name =
    typeof file.name === 'string'
      ? file.name.replace(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '')
      : '';
  return name || file.url.split('/').pop();
}

function Content({ url, file, player, onTime }) {
  const [kind] = file.mimeType.split('/');
  if (kind === 'image') {
    return <img src={url} alt={nameOf(file)} />;
  }
  if (kind === 'audio' || kind === 'video') {
    return <Player kind={kind} url={url} name={nameOf(file)} player={player} onTime={onTime} />;
  }
  return null;
}
