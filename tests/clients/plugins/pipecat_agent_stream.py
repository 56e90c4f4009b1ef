"""Stream raw audio from stdin through Pipecat's Speechmatics service; print its finals as JSON.

    python pipecat_agent_stream.py URL KEY MODE RATE_HZ FINALS

FINALS: the program ends after so many. In the mode ``external`` a detector that hears the end of
the audio ends the turn, and that of a server which was lost, once more. The audio is 16-bit, sent
at the speed of speech, and followed by silence. An error of the pipeline ends this program.
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
    STTUpdateSettingsFrame,
    TranscriptionFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.runner import PipelineRunner  # noqa: E402
from pipecat.pipeline.task import PipelineParams, PipelineTask  # noqa: E402
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor  # noqa: E402
from pipecat.services.speechmatics.stt import SpeechmaticsSTTService  # noqa: E402

FRAME_S = 0.02
STOP_S = 0.2
"""What a detector waits before it says that nobody speaks any more."""


class Ear(FrameProcessor):
    """Keeps the finals."""

    def __init__(self, n_finals: int) -> None:
        super().__init__()
        self.finals: list[str] = []
        self.full = asyncio.Event()
        self._n_finals = n_finals

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame):
            self.finals.append(frame.text)
            if len(self.finals) == self._n_finals:
                self.full.set()
        await self.push_frame(frame, direction)


async def main(url: str, key: str, mode: str, rate_hz: int, n_finals: int) -> list[str]:
    audio = sys.stdin.buffer.read()
    errors: list[str] = []
    service = SpeechmaticsSTTService(
        api_key=key,
        base_url=url,
        settings=SpeechmaticsSTTService.Settings(
            turn_detection_mode=SpeechmaticsSTTService.TurnDetectionMode(mode)
        ),
    )
    ear = Ear(n_finals)
    task = PipelineTask(
        Pipeline([service, ear]), params=PipelineParams(audio_in_sample_rate=rate_hz)
    )

    @task.event_handler("on_pipeline_error")
    async def on_error(_: PipelineTask, frame: ErrorFrame) -> None:
        errors.append(frame.error)
        if frame.fatal:
            ear.full.set()

    async def speak() -> None:
        start = time.monotonic()
        frame_bytes = int(rate_hz * FRAME_S) * 2
        at = 0
        while not ear.full.is_set():
            data = audio[at : at + frame_bytes].ljust(frame_bytes, b"\0")
            at += frame_bytes
            await asyncio.sleep(max(0.0, start + at / rate_hz / 2 - time.monotonic()))
            frame = InputAudioRawFrame(audio=data, sample_rate=rate_hz, num_channels=1)
            await task.queue_frame(frame)
            quiet_bytes = at - len(audio) - int(STOP_S * rate_hz) * 2
            if (
                mode == "external"
                and quiet_bytes >= 0
                and quiet_bytes % (rate_hz * 4) < frame_bytes
            ):
                await task.queue_frame(VADUserStoppedSpeakingFrame())
        settings = SpeechmaticsSTTService.Settings(enable_partials=True)
        await task.queue_frame(STTUpdateSettingsFrame(delta=settings))  # another connection
        await task.queue_frame(EndFrame())

    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), speak())
    if errors and len(ear.finals) < n_finals:
        raise SystemExit(f"errors: {errors}")
    return ear.finals


if __name__ == "__main__":
    logger.remove()
    url, key, mode, rate_hz, n_finals = sys.argv[1:]
    json.dump(asyncio.run(main(url, key, mode, int(rate_hz), int(n_finals))), sys.stdout)
