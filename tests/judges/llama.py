"""llama.cpp's server with a language model, as the tests of Ask need it:

    llama.py MODEL PORT KEY NAME CHOICES

It answers chat completions, responses and embeddings under the name, to whoever
has the key, and gives at most CHOICES answers to one question.
"""

import signal
import sys

from xllamacpp import CommonParams, Server, llama_pooling_type

model, port, key, name, choices = sys.argv[1:]

params = CommonParams()
params.model.path = model
params.model_alias = {name}
params.hostnames = ["127.0.0.1"]
params.port = int(port)
params.api_keys = [key]
params.n_parallel = int(choices)
params.n_ctx = 2048
params.offline = True
params.ui = False
params.use_jinja = True

# Vectors of whole texts, beside answers.
params.embedding = True
params.pooling_type = llama_pooling_type.LLAMA_POOLING_TYPE_MEAN

# An answer must not depend on earlier questions or on the machine: with a
# cached prompt, or with more threads, the same sums are made in another order.
params.cache_prompt = False
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1

# Nobody waits for an answer that does not end.
params.n_predict = 128

server = Server(params)
signal.pause()
