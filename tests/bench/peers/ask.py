"""One Ask with OpenAI's Python client: ask.py BASE_URL"""

import sys

from openai import OpenAI

openai = OpenAI(api_key="sk-bench", base_url=sys.argv[1])
answer = openai.chat.completions.create(
    model="gpt-5.4", messages=[{"role": "user", "content": "What is 2 + 2?"}]
)
print(answer.choices[0].message.content)
