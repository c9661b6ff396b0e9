// One Ask with the OpenAI piece of Activepieces, without its engine:
//
//     node activepieces.cjs BASE_URL
const { openai } = require("@activepieces/piece-openai");

const kept = new Map();
const context = {
    auth: { apiKey: "sk-bench", baseUrl: process.argv[2] },
    propsValue: {
        model: "gpt-5.4",
        prompt: "What is 2 + 2?",
        temperature: 0.9,
        maxTokens: 64,
        topP: 1,
        frequencyPenalty: 0,
        presencePenalty: 0.6,
        roles: [],
    },
    store: {
        get: async (key) => kept.get(key) ?? null,
        put: async (key, value) => (kept.set(key, value), value),
    },
};
openai.actions().ask_chatgpt.run(context).then(console.log);
