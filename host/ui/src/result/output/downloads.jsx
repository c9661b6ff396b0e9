// Downloads of a transcript: as text and, if its parts have times, as subtitles.

import { useEffect, useState } from 'react';
import { Download } from '../../parts/icons.jsx';
import { toSrt, toText, toVtt } from '../reading/subtitles.js';

/** @param {{text: string, parts: import('../reading/transcript.js').Part[], name?: string}} props */
export function Downloads({ text, parts, name }) {
  const base = (typeof name === 'string' && name.replace(/\.[^.]*$/, '')) || 'transcript';
  return (
    <div className="downloads" role="group" aria-label="Download the transcript">
      <Link name={`${base}.txt`} type="text/plain" content={toText(text, parts)} />
      {parts.length > 0 && (
        <>
          <Link name={`${base}.srt`} type="application/x-subrip" content={toSrt(parts)} />
          <Link name={`${base}.vtt`} type="text/vtt" content={toVtt(parts)} />
        </>
      )}
    </div>
  );
}

function Link({ name, type, content }) {
  const [url, setUrl] = useState();
  useEffect(() => {
    const created = URL.createObjectURL(new Blob([content], { type }));
    setUrl(created);
    return () => URL.revokeObjectURL(created);
  }, [content, type]);
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return (
    <a className="button button-small" href={url} download={name} aria-label={`Download ${name}`}>
      <Download /> {extension}
    </a>
  );
}
