// Node, the vendor's own client: standard input to words.
import { AssemblyAI } from "assemblyai";

const client = new AssemblyAI({ apiKey: process.env.ASSEMBLYAI_API_KEY });

const transcriber = client.streaming.transcriber({
  sampleRate: 16_000,
  speechModel: "universal-streaming-english",
  formatTurns: true,
  endOfTurnConfidenceThreshold: 0.5,
  maxTurnSilence: 1500,
  keytermsPrompt: ["Crossfade"],
  redactPii: true,
  autoChapters: true, // of another API
});

transcriber.on("open", ({ id }) => console.error(`session ${id}`));
transcriber.on("turn", (turn) => {
  if (turn.end_of_turn) console.log(turn.transcript);
});
transcriber.on("error", (error) => console.error(error));

await transcriber.connect();
for await (const chunk of process.stdin) transcriber.sendAudio(chunk);
await transcriber.close();
