"""Runs every action with the client that openapi-python-client generates.

    client.py URL PROVIDER TOKEN SPEECH

The generated package `generated` is in the working directory. Prints one line
of JSON: what each call returned.
"""

import io
import json
import sys

from generated import Client
from generated.api.default import create_connection, upload_file
from generated.api.open_ai import (
    openai_v1_ask,
    openai_v_1_create_image,
    openai_v_1_create_speech,
    openai_v_1_create_transcription,
)
from generated.models import (
    Connection,
    FileEntry,
    NewConnection,
    NewConnectionValues,
    OpenaiV1AskBody,
    OpenaiV1AskBodyInput,
    OpenaiV1AskBodyInputMessagesItem,
    OpenaiV1AskBodyInputMessagesItemRole,
    OpenaiV1AskBodyInputResponseFormat,
    OpenaiV1AskResponse200,
    OpenaiV1CreateImageBody,
    OpenaiV1CreateImageBodyInput,
    OpenaiV1CreateImageBodyInputImageMessagesItem,
    OpenaiV1CreateImageResponse200,
    OpenaiV1CreateSpeechBody,
    OpenaiV1CreateSpeechBodyInput,
    OpenaiV1CreateSpeechResponse200,
    OpenaiV1CreateTranscriptionBody,
    OpenaiV1CreateTranscriptionBodyInput,
    OpenaiV1CreateTranscriptionResponse200,
    Problem,
)
from generated.types import File

url, provider, token, speech = sys.argv[1:]
client = Client(base_url=url)

values = NewConnectionValues.from_dict({"token": token, "baseUrl": provider})
new = NewConnection(name="Generated", component="openai/v1", values=values)
connection = create_connection.sync(client=client, body=new)
assert isinstance(connection, Connection), connection
stored = connection.id

with open(speech, "rb") as content:
    body = File(payload=io.BytesIO(content.read()))
uploaded = upload_file.sync(client=client, body=body, name="talk.mp3")
assert isinstance(uploaded, FileEntry), uploaded


def ask(input_: OpenaiV1AskBodyInput) -> OpenaiV1AskResponse200:
    body = OpenaiV1AskBody(input_=input_, connection=stored)
    answer = openai_v1_ask.sync(client=client, body=body)
    assert isinstance(answer, OpenaiV1AskResponse200), answer
    return answer


message = OpenaiV1AskBodyInputMessagesItem(
    role=OpenaiV1AskBodyInputMessagesItemRole.USER, content="Hello!"
)
# What is sent can be read again.
assert OpenaiV1AskBodyInputMessagesItem.from_dict(message.to_dict()) == message
text = ask(OpenaiV1AskBodyInput(messages=[message]))
assert isinstance(text.output, str), text.output
schema = json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}})
answer = ask(
    OpenaiV1AskBodyInput(
        messages=[message],
        response_format=OpenaiV1AskBodyInputResponseFormat.VALUE_1,
        response_schema=schema,
    )
)

image = openai_v_1_create_image.sync(
    client=client,
    body=OpenaiV1CreateImageBody(
        input_=OpenaiV1CreateImageBodyInput(
            image_messages=[OpenaiV1CreateImageBodyInputImageMessagesItem(content="A lighthouse")]
        ),
        connection=stored,
    ),
)
assert isinstance(image, OpenaiV1CreateImageResponse200), image
assert image.output.files, image

made = openai_v_1_create_speech.sync(
    client=client,
    body=OpenaiV1CreateSpeechBody(
        input_=OpenaiV1CreateSpeechBodyInput(input_="Good morning", voice="alloy"),
        connection=stored,
    ),
)
assert isinstance(made, OpenaiV1CreateSpeechResponse200), made

heard = openai_v_1_create_transcription.sync(
    client=client,
    body=OpenaiV1CreateTranscriptionBody(
        input_=OpenaiV1CreateTranscriptionBodyInput(file=uploaded), connection=stored
    ),
)
assert isinstance(heard, OpenaiV1CreateTranscriptionResponse200), heard

wrong = openai_v1_ask.sync(
    client=client,
    body=OpenaiV1AskBody(
        input_=OpenaiV1AskBodyInput(messages=[message], max_tokens=0), connection=stored
    ),
)
assert isinstance(wrong, Problem), wrong
assert wrong.failure, wrong

print(
    json.dumps(
        {
            "ask": text.to_dict()["output"],
            "object": answer.to_dict()["output"],
            "image": image.to_dict()["output"],
            "speech": made.to_dict()["output"],
            "transcription": heard.to_dict()["output"],
            "kind": str(wrong.failure.kind),
        }
    )
)
