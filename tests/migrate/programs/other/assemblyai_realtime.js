// Node, the vendor's own client, on the API that was retired.
const { AssemblyAI } = require("assemblyai");

const client = new AssemblyAI({ apiKey: process.env.ASSEMBLYAI_API_KEY });
const transcriber = client.realtime.transcriber({ sampleRate: 16000, wordBoost: ["Crossfade"] });

transcriber.on("transcript.final", (transcript) => console.log(transcript.text));
transcriber.connect().then(() => process.stdin.on("data", (chunk) => transcriber.sendAudio(chunk)));
