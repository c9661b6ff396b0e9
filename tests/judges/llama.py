"""llama.cpp's server with a language model, configured for the tests of Ask:

    llama.py MODEL PORT KEY NAME CHOICES

It serves chat completions, responses and embeddings with the model name NAME to
clients with the key, and returns at most CHOICES answers to one question.
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

# Also serve embeddings, one for each text.
params.embedding = True
params.pooling_type = llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
# With a cache for each slot, a text that is processed together with a shorter one
# gets a wrong vector.
params.kv_unified = True

# An answer must not depend on earlier questions or on the machine. A cached
# prompt or more threads would change the order in which sums are computed.
params.cache_prompt = False
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1

# Cut off answers that would never end.
params.n_predict = 128

server = Server(params)
signal.pause()
