// The output of a run, as far as it consists of texts, transcripts and files.

import { filesIn } from '../reading/files.js';
import { Files } from './files.jsx';
import { Text } from './text.jsx';
import { Transcript } from './transcript.jsx';

/**
 * @param {object} props
 * @param {import('../reading/answer.js').Answer} props.answer
 * @param {unknown} props.input of the run, which may contain the recording of a transcript
 */
export function Output({ answer, input }) {
  const { texts, transcript, files, notes } = answer;
  return (
    <>
      {texts.map(({ label, text, isMarkdown }, index) => (
        // Answers are identified by their index, as while they are streamed.
        <Text key={`${index}`} label={label} text={text} isMarkdown={isMarkdown} />
      ))}
      {transcript && <Transcript transcript={transcript} recording={recordingIn(input)} />}
      <Files files={files} notes={notes} />
    </>
  );
}

function recordingIn(input) {
  return filesIn(input).find(({ mimeType }) => /^(audio|video)\//.test(mimeType));
}
