// OpenAI's Node client.
//
//     node openai.mjs ask BASE_URL
//     node openai.mjs at-once BASE_URL ASKS AT_ONCE
//
// `at-once` prints the CPU time of an Ask in microseconds.
import OpenAI from "openai";

const [what, baseURL, asks, atOnce] = process.argv.slice(2);
const openai = new OpenAI({ apiKey: "sk-bench", baseURL });

async function ask() {
    const answer = await openai.chat.completions.create({
        model: "gpt-5.4",
        messages: [{ role: "user", content: "What is 2 + 2?" }],
    });
    return answer.choices[0].message.content;
}

async function all(count) {
    let left = count;
    const worker = async () => {
        while (left-- > 0) await ask();
    };
    await Promise.all(Array.from({ length: Number(atOnce) }, worker));
}

if (what === "ask") {
    console.log(await ask());
} else {
    await all(Number(atOnce) * 4);
    const before = process.cpuUsage();
    await all(Number(asks));
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ cpu: (user + system) / Number(asks) }));
}
