"""How soon the first word is on the live page after it was spoken.

    cd tests && python -m page.first_words [--rounds 5]

A Chromium hears recordings from its microphone. When a word was spoken follows from the audio that
the page sends, aligned with the recording, and from the recording's manifest; when words are on the
screen is seen by a `MutationObserver`. What the browser itself needs to hand out a sample, some 10
to 30 ms, is not seen. Nothing else should be running.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import click
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from corpus import CARRIED, Recording, load
from crossfade.dialects import DIALECTS
from live_page import LivePage
from processes import KEY, serving, write_wav

RATE_HZ = 16_000
RECORDINGS = ("ls-39-121914-0000", "ls-248-130644-0000", "ls-5789-57158-0000")
WITHIN_MS = 1200

OBSERVE = """
window.sent = [];
window.seen = null;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (frame) {
  if (frame instanceof ArrayBuffer) {
    sent.push({ at: performance.now(), samples: [...new Int16Array(frame)] });
  }
  return send.call(this, frame);
};
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    const [word] = document.querySelector(".word")?.textContent.toLowerCase().match(/\\w+/) ?? [];
    if (seen === null && word === FIRST_WORD) {
      requestAnimationFrame(() => (window.seen ??= performance.now()));
    }
  }).observe(document.querySelector("#turns"), { childList: true, subtree: true });
});
"""


def lag_ms(browser: Browser, url: str, spoken: Recording) -> float:
    """From the end of the first spoken word to that very word on the screen."""
    page = browser.new_page()
    first_word = spoken.words[0].word.casefold()
    page.add_init_script(f"const FIRST_WORD = '{first_word}';" + OBSERVE)
    live = LivePage(page)
    live.open(url)
    live.give_key(KEY)
    live.press_start()
    page.wait_for_timeout(4000)  # enough of the audio to find where in the recording this is
    sent, seen = page.evaluate("[sent, seen]")
    live.finish()
    page.close()
    return seen - spoken_at(sent, spoken)


def spoken_at(sent: list[dict], spoken: Recording) -> float:
    """When the first word ended, on the browser's clock."""
    heard = np.concatenate([np.array(frame["samples"], dtype=np.float64) for frame in sent])
    ends = np.cumsum([len(frame["samples"]) for frame in sent])
    # The frame that was sent the least late tells when the microphone began.
    began = min(frame["at"] - end / RATE_HZ * 1000 for frame, end in zip(sent, ends, strict=True))
    return began + (offset_s(heard, spoken) + spoken.words[0].end) * 1000


def offset_s(heard: np.ndarray, spoken: Recording) -> float:
    """Where the recording begins in what was heard; negative if its beginning is missing."""
    said = spoken.samples().astype(np.float64)[: len(heard)]
    n = 1 << (len(heard) + len(said)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, n) * np.conj(np.fft.rfft(said, n)), n)
    best = int(np.argmax(np.abs(match)))
    return (best if best < n // 2 else best - n) / RATE_HZ


@click.command(help=__doc__.splitlines()[0])
@click.option("--rounds", default=5, help="With each recording.")
def main(rounds: int) -> None:
    by_id = {recording.id: recording for recording in load(CARRIED)}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), "--key", KEY, backend="local") as server,
        sync_playwright() as playwright,
    ):
        lags: dict[str, list[float]] = {dialect.name: [] for dialect in DIALECTS}
        for spoken in map(by_id.__getitem__, RECORDINGS):
            wav = write_wav(Path(folder) / "spoken.wav", spoken.path)
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=[
                    "--no-sandbox",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-audio-capture={wav}",
                ],
            )
            for _ in range(rounds):
                for name, found in lags.items():
                    url = f"http://{server.address}/?dialect={name}"
                    found.append(lag_ms(browser, url, spoken))
            browser.close()
    for name, found in lags.items():
        click.echo(
            f"{name}: the first word after {statistics.median(found):.0f} ms at the median, "
            f"{max(found):.0f} ms at the most, of {len(found)}"
        )
    sys.exit(any(max(found) > WITHIN_MS for found in lags.values()))


if __name__ == "__main__":
    main()
