// Streams raw audio from stdin through the AssemblyAI SDK, with a temporary token or the key, and
// prints what it heard as JSON.
//
//   node assemblyai.cjs CLIENTS HOST STREAMING_HOST KEY MODEL BYTES_PER_S
//
// CLIENTS: the folder whose node_modules holds the SDK. HOST: where tokens are made. STREAMING_HOST:
// where the socket is. BYTES_PER_S: 0 is as fast as it goes. The audio is 16-bit, 16 kHz.

const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");

const [clients, host, streamingHost, apiKey, speechModel, bytesPerS] = process.argv.slice(2);
const { AssemblyAI } = createRequire(`${clients}/package.json`)("assemblyai");

const FRAME_BYTES = 1600;

async function main() {
  const heard = { begun: [], turns: [], errors: [], ended: [] };
  const client = new AssemblyAI({ apiKey, streamingBaseUrl: `https://${host}` });
  const token = await client.streaming.createTemporaryToken({ expires_in_seconds: 60 });
  const transcriber = client.streaming.transcriber({
    websocketBaseUrl: `wss://${streamingHost}/v3/ws`,
    token,
    sampleRate: 16000,
    speechModel,
    formatTurns: true,
    keytermsPrompt: ["Crossfade", "New York"],
  });
  transcriber.on("open", ({ id }) => heard.begun.push(id));
  transcriber.on("turn", (turn) => heard.turns.push(turn));
  transcriber.on("error", (error) => heard.errors.push(error.message));
  await transcriber.connect();

  const audio = readFileSync(0);
  const start = performance.now();
  for (let at = 0; at < audio.length; at += FRAME_BYTES) {
    const due = start + ((at + FRAME_BYTES) / Number(bytesPerS)) * 1000;
    if (Number(bytesPerS) > 0) await sleep(Math.max(0, due - performance.now()));
    transcriber.sendAudio(audio.subarray(at, at + FRAME_BYTES));
  }
  const asked = performance.now();
  await transcriber.close();
  // It does not tell what ended its wait; after 5 s it would be its own patience.
  heard.ended.push(performance.now() - asked < 4000);
  process.stdout.write(JSON.stringify(heard));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
