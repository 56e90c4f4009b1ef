// Streams a file through @speechmatics/real-time-client with a key from @speechmatics/auth, and
// prints what it heard as JSON.
//
//   node speechmatics.cjs CLIENTS BUILD URL MANAGEMENT_URL KEY FILE BYTES_PER_S
//
// CLIENTS: the folder whose node_modules holds the clients. BUILD: "node", or "browser" for the
// build that browsers load, on Node's own WebSocket. BYTES_PER_S: 0 sends the file as it is and at
// full speed; else it is raw audio at the speed of speech.

const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");

const [clients, build, url, managementPlatformURL, apiKey, file, bytesPerS] =
  process.argv.slice(2);
const load = createRequire(`${clients}/package.json`);
const { createSpeechmaticsJWT } = load("@speechmatics/auth");
const client = "@speechmatics/real-time-client";
const { RealtimeClient } = load(
  build === "browser" ? `${client}/dist/index.browser.min.js` : client,
);

async function main() {
  const live = Number(bytesPerS) > 0;
  const jwt = await createSpeechmaticsJWT({ type: "rt", apiKey, managementPlatformURL });
  const realtime = new RealtimeClient({ url });
  const heard = [];
  realtime.addEventListener("receiveMessage", ({ data }) => heard.push(data));

  const config = { transcription_config: { language: "en" } };
  if (live) {
    config.audio_format = { type: "raw", encoding: "pcm_s16le", sample_rate: 16000 };
    config.transcription_config.enable_partials = true;
    config.transcription_config.max_delay = 2;
  }
  await realtime.start(jwt, config);
  const speakers = realtime.getSpeakers({ final: true });

  const audio = readFileSync(file);
  const start = performance.now();
  const size = live ? 1600 : 4096;
  for (let at = 0; at < audio.length; at += size) {
    const due = start + ((at + size) / Number(bytesPerS)) * 1000;
    if (live) await sleep(Math.max(0, due - performance.now()));
    realtime.sendAudio(audio.subarray(at, at + size));
  }
  await realtime.stopRecognition();
  await speakers;
  // Its own time-outs would keep the process alive for ten seconds.
  process.stdout.write(JSON.stringify(heard), () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
