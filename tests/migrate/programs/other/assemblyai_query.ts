// A bare socket whose query is put together bit by bit.
const url = new URL("wss://streaming.assemblyai.com/v3/ws");
url.searchParams.set("sample_rate", "8000");
url.searchParams.set("encoding", "pcm_mulaw");
url.searchParams.append("min_turn_silence", "200");
const params = new URLSearchParams({ speech_model: "u3-rt-pro", language_codes: '["en"]' });

export const socket = new WebSocket(`${url}&${params}&token=${token}`);
socket.onmessage = (event) => {
  const message = JSON.parse(event.data);
  if (message.type === "Turn" && message.end_of_turn) show(message.transcript);
};
export const stop = () => socket.send(JSON.stringify({ type: "Terminate" }));
