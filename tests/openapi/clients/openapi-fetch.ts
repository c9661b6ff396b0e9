// Runs every action with the types that openapi-typescript generates.
//
//     client.js URL PROVIDER TOKEN SPEECH
//
// Prints one line of JSON: what each call returned.

import { readFileSync } from 'node:fs';

import createClient from 'openapi-fetch';

import type { components, paths } from './generated';

type RunEvent = components['schemas']['RunEvent'];

// A run answers with JSON or with events: this client asks for JSON.
type Json = `application/${string}`;

async function main(): Promise<void> {
  const [baseUrl, provider, token, speech] = process.argv.slice(2) as [string, string, string, string];
  const client = createClient<paths, Json>({ baseUrl });
  const connection = { token, baseUrl: provider };

  const content = new Blob([readFileSync(speech)]);
  const uploaded = await client.POST('/api/v1/files', {
    params: { query: { name: 'talk.mp3' } },
    headers: { 'content-type': 'application/octet-stream' },
    body: content as unknown as string,
    bodySerializer: (body) => body,
  });
  const file = uploaded.data!;

  const ask = '/api/v1/components/openai/v1/actions/ask/run';
  const messages = [{ role: 'user' as const, content: 'Hello!' }];
  const text = await client.POST(ask, { body: { input: { messages }, connection } });
  const output = text.data!.output;
  if (typeof output !== 'string') throw new Error(`${output} is no text`);
  const responseSchema = JSON.stringify({ type: 'object', properties: { a: { type: 'integer' } } });
  const answer = await client.POST(ask, {
    body: { input: { messages, responseFormat: 1, responseSchema }, connection },
  });

  const image = await client.POST('/api/v1/components/openai/v1/actions/createImage/run', {
    body: { input: { imageMessages: [{ content: 'A lighthouse' }] }, connection },
  });
  if (!image.data!.output.files![0]!.url) throw new Error('there is no image');
  const made = await client.POST('/api/v1/components/openai/v1/actions/createSpeech/run', {
    body: { input: { input: 'Good morning', voice: 'alloy' }, connection },
  });
  const heard = await client.POST('/api/v1/components/openai/v1/actions/createTranscription/run', {
    body: { input: { file }, connection },
  });

  const streamed = await client.POST(ask, {
    body: { input: { messages }, connection },
    headers: { accept: 'text/event-stream' },
    parseAs: 'text',
  });
  const said = events(streamed.data as unknown as string)
    .map((event) => (event.event === 'delta' ? event.data.text : ''))
    .join('');

  const wrong = await client.POST(ask, { body: { input: { messages, maxTokens: 0 }, connection } });

  console.log(
    JSON.stringify({
      ask: output,
      object: answer.data!.output,
      image: image.data!.output,
      speech: made.data!.output,
      transcription: heard.data!.output,
      streamed: said,
      kind: wrong.error!.failure!.kind,
    }),
  );
}

/** The events of a stream. */
function events(stream: string): RunEvent[] {
  return stream
    .split('\n\n')
    .filter((lines) => lines.startsWith('event: '))
    .map((lines) => {
      const [event, data] = lines.split('\n') as [string, string];
      return { event: event.slice(7), data: JSON.parse(data.slice(6)) } as RunEvent;
    });
}

void main();
