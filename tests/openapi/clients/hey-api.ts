// Runs every action with the client that @hey-api/openapi-ts generates.
//
//     client.js URL PROVIDER TOKEN SPEECH
//
// Prints one line of JSON: what each call returned.

import { readFileSync } from 'node:fs';

import {
  openaiV1Ask,
  openaiV1CreateImage,
  openaiV1CreateSpeech,
  openaiV1CreateTranscription,
  uploadFile,
} from './generated';
import { client } from './generated/client.gen';

async function main(): Promise<void> {
  const [baseUrl, provider, token, speech] = process.argv.slice(2) as [string, string, string, string];
  client.setConfig({ baseUrl });
  const connection = { token, baseUrl: provider };

  const content = new Blob([readFileSync(speech)]);
  const uploaded = await uploadFile({ body: content, query: { name: 'talk.mp3' } });
  const file = uploaded.data!;

  const messages = [{ role: 'user' as const, content: 'Hello!' }];
  const text = await openaiV1Ask({ body: { input: { messages }, connection } });
  const output = text.data!.output;
  if (typeof output !== 'string') throw new Error(`${output} is no text`);
  const responseSchema = JSON.stringify({ type: 'object', properties: { a: { type: 'integer' } } });
  const answer = await openaiV1Ask({
    body: { input: { messages, responseFormat: 1, responseSchema }, connection },
  });

  const image = await openaiV1CreateImage({
    body: { input: { imageMessages: [{ content: 'A lighthouse' }] }, connection },
  });
  if (!image.data!.output.files![0]!.url) throw new Error('there is no image');
  const made = await openaiV1CreateSpeech({
    body: { input: { input: 'Good morning', voice: 'alloy' }, connection },
  });
  const heard = await openaiV1CreateTranscription({ body: { input: { file }, connection } });
  const wrong = await openaiV1Ask({ body: { input: { messages, maxTokens: 0 }, connection } });

  console.log(
    JSON.stringify({
      ask: output,
      object: answer.data!.output,
      image: image.data!.output,
      speech: made.data!.output,
      transcription: heard.data!.output,
      kind: wrong.error!.failure!.kind,
    }),
  );
}

void main();
