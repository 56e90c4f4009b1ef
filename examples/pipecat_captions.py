"""Stream a recording, 16-bit mono, through Pipecat's AssemblyAI service, and print turns.

pip install "pipecat-ai[assemblyai]"
python pipecat_captions.py speech.wav ws://127.0.0.1:8765 YOUR_KEY

A bot has the same service in its pipeline, between its transport and its language model.
"""

import asyncio
import sys
import wave

from pipecat.frames.frames import EndFrame, InputAudioRawFrame, TranscriptionFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.assemblyai.stt import AssemblyAISTTService


class Printer(FrameProcessor):
    """Prints what was said, and hands on everything."""

    async def process_frame(self, frame, direction):
        """See ``FrameProcessor``."""
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            print(frame.text, flush=True)
        await self.push_frame(frame, direction)


async def speak(recording, task):
    rate = recording.getframerate()
    while data := recording.readframes(rate // 50):
        await task.queue_frame(InputAudioRawFrame(audio=data, sample_rate=rate, num_channels=1))
        await asyncio.sleep(0.02)
    await task.queue_frame(EndFrame())


async def main(recording, url, key):
    service = AssemblyAISTTService(
        api_key=key,
        api_endpoint_base_url=f"{url}/v3/ws",
        vad_force_turn_endpoint=False,  # the server says when a turn is over
        settings=AssemblyAISTTService.Settings(model="u3-rt-pro"),
    )
    params = PipelineParams(audio_in_sample_rate=recording.getframerate())
    task = PipelineTask(Pipeline([service, Printer()]), params=params)
    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), speak(recording, task))


file, url, key = sys.argv[1:]
with wave.open(file) as recording:
    asyncio.run(main(recording, url, key))
