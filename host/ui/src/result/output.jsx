// The output of a run, displayed according to its shape: text, files anywhere in it,
// transcripts with timestamps, and everything else as JSON.

import { CopyButton } from '../parts/copy-button.jsx';
import { Chevron } from '../parts/icons.jsx';
import { FileView } from '../parts/file-view.jsx';
import { filesIn } from './files-in.js';
import { Json } from './json.jsx';
import { Transcript } from './transcript.jsx';
import { transcriptIn } from './transcript.js';

export function Output({ output, input }) {
  if (typeof output === 'string') {
    return <Text text={output} />;
  }
  if (Array.isArray(output) && output.length > 0 && output.every((one) => typeof one === 'string')) {
    return output.map((text, index) => <Text key={`${index}`} text={text} />);
  }
  const files = filesIn(output);
  const transcript = transcriptIn(output);
  const isFile = files.length === 1 && files[0] === output;
  const isBareText = transcript && Object.keys(output).length === 1;
  return (
    <>
      {files.length > 0 && (
        <div className={files.length > 1 ? 'gallery' : 'single'}>
          {files.map((file) => (
            <FileView key={file.url} file={file} />
          ))}
        </div>
      )}
      {transcript && <Transcript transcript={transcript} recording={recordingIn(input)} />}
      {files.length === 0 && !transcript && <Json value={output} label="Output" />}
      {(files.length > 0 || transcript) && !isFile && !isBareText && (
        <details className="fold">
          <summary>
            <Chevron /> As JSON
          </summary>
          <Json value={output} label="Output" />
        </details>
      )}
    </>
  );
}

function Text({ text }) {
  return (
    <article className="answer-card">
      <p className="answer">{text}</p>
      <CopyButton text={text} />
    </article>
  );
}

/** The recording in the input, for playing a transcript from its timestamps. */
function recordingIn(input) {
  return filesIn(input).find(({ mimeType }) => /^(audio|video)\//.test(mimeType));
}
