// Node, the vendor's own client: a file to words.
import { createReadStream } from "node:fs";
import { createSpeechmaticsJWT } from "@speechmatics/auth";
import { RealtimeClient } from "@speechmatics/real-time-client";

const client = new RealtimeClient({ url: "wss://eu2.rt.speechmatics.com/v2" });

client.addEventListener("receiveMessage", ({ data }) => {
  if (data.message === "AddTranscript") {
    process.stdout.write(data.metadata.transcript);
  } else if (data.message === "EndOfTranscript") {
    process.stdout.write("\n");
  } else if (data.message === "Error") {
    console.error(data.type, data.reason);
  }
});

async function main(path: string): Promise<void> {
  const jwt = await createSpeechmaticsJWT({
    type: "rt",
    apiKey: process.env.SPEECHMATICS_API_KEY,
    ttl: 60,
  });
  await client.start(jwt, {
    audio_format: { type: "raw", encoding: "pcm_s16le", sample_rate: 16000 },
    transcription_config: {
      language: "en",
      operating_point: "enhanced",
      max_delay: 1.0,
      quick_mode: true, // misspelled, or of another year
      conversation_config: { end_of_utterance_silence_trigger: 0.8 },
      transcript_filtering_config: { remove_disfluencies: true },
    },
  });
  for await (const chunk of createReadStream(path)) client.sendAudio(chunk);
  await client.stopRecognition();
}

main(process.argv[2]);
