// The output of a run: texts, transcripts and files first, and everything else as data.

import { Chevron } from '../../parts/icons.jsx';
import { filesIn } from '../reading/files.js';
import { Data } from './data.jsx';
import { Facts } from './facts.jsx';
import { Files } from './files.jsx';
import { Text } from './text.jsx';
import { Transcript } from './transcript.jsx';

/**
 * @param {object} props
 * @param {import('../reading/answer.js').Answer} props.answer
 * @param {unknown} props.output
 * @param {unknown} props.input of the run, which may contain the recording of a transcript
 */
export function Output({ answer, output, input }) {
  const { texts, transcript, files, notes, facts, data, shape } = answer;
  return (
    <>
      {texts.map(({ label, text, isMarkdown }, index) => (
        // Answers are identified by their index, as while they are streamed.
        <Text key={`${index}`} label={label} text={text} isMarkdown={isMarkdown} />
      ))}
      {transcript && <Transcript transcript={transcript} recording={recordingIn(input)} />}
      <Files files={files} notes={notes} />
      <Facts facts={facts} />
      {data === 'open' && <Data value={output} label="Output" shape={shape} />}
      {data === 'folded' && (
        <details className="fold">
          <summary>
            <Chevron /> As data
          </summary>
          <Data value={output} label="Output" shape={shape} />
        </details>
      )}
    </>
  );
}

function recordingIn(input) {
  return filesIn(input).find(({ mimeType }) => /^(audio|video)\//.test(mimeType));
}
