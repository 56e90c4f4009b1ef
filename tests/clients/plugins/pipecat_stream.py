"""Stream raw audio from stdin through Pipecat's AssemblyAI service; print its finals as JSON.

    python pipecat_stream.py URL KEY MODEL BYTES_PER_S

BYTES_PER_S: 0 is as fast as it goes. The audio is 16-bit, 16 kHz. Pipecat reports a message that it
does not know as an error of its pipeline; an error is the end of this program.
"""

import asyncio
import json
import sys
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # its runner has a newer name already

from loguru import logger  # noqa: E402
from pipecat.frames.frames import (  # noqa: E402
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    TranscriptionFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.runner import PipelineRunner  # noqa: E402
from pipecat.pipeline.task import PipelineParams, PipelineTask  # noqa: E402
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor  # noqa: E402
from pipecat.services.assemblyai.stt import AssemblyAISTTService  # noqa: E402

FRAME_BYTES = 640


class Ear(FrameProcessor):
    """Keeps the finals."""

    def __init__(self) -> None:
        super().__init__()
        self.finals: list[str] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.finals.append(frame.text)
        await self.push_frame(frame, direction)


async def main(url: str, key: str, model: str, bytes_per_s: int) -> list[str]:
    audio = sys.stdin.buffer.read()
    errors: list[str] = []
    # Only Universal-3 says when speech starts; for the others Pipecat's own detector ends turns.
    own_turns = model.startswith("universal-streaming")
    service = AssemblyAISTTService(
        api_key=key,
        api_endpoint_base_url=f"{url}/v3/ws",
        sample_rate=16_000,
        vad_force_turn_endpoint=own_turns,
        settings=AssemblyAISTTService.Settings(model=model),
    )
    ear = Ear()
    task = PipelineTask(
        Pipeline([service, ear]), params=PipelineParams(audio_in_sample_rate=16_000)
    )

    @task.event_handler("on_pipeline_error")
    async def on_error(_: PipelineTask, frame: ErrorFrame) -> None:
        errors.append(frame.error)

    async def speak() -> None:
        start = time.monotonic()
        for at in range(0, len(audio), FRAME_BYTES):
            data = audio[at : at + FRAME_BYTES]
            if bytes_per_s:
                due = start + (at + len(data)) / bytes_per_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            frame = InputAudioRawFrame(audio=data, sample_rate=16_000, num_channels=1)
            await task.queue_frame(frame)
        if own_turns:
            await task.queue_frame(VADUserStoppedSpeakingFrame())
        await task.queue_frame(EndFrame())

    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), speak())
    if errors:
        raise SystemExit(f"errors: {errors}")
    return ear.finals


if __name__ == "__main__":
    logger.remove()
    url, key, model, bytes_per_s = sys.argv[1:]
    json.dump(asyncio.run(main(url, key, model, int(bytes_per_s))), sys.stdout)
