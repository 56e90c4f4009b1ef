"""The live page as a test sees it: what a user can do and read."""

import base64
from pathlib import Path

from playwright.sync_api import Page, expect

END_MS = 20_000


class LivePage:
    """Drives one page, and notes what went wrong and where it went."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requested: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("websocket", lambda socket: self.requested.append(socket.url))

    def _on_console(self, message) -> None:
        # The browser itself logs every answer from 400 on; those are told to the user.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.locator("#dialects input").first.wait_for(state="attached")

    def choose(self, dialect: str) -> None:
        self.page.locator(f'#dialects input[value="{dialect}"]').check()

    def press_start(self) -> None:
        self.page.locator("#start").click()

    def give_key(self, key: str) -> None:
        self.page.locator("#key").fill(key)

    def choose_file(self, path: Path) -> None:
        self.page.locator('input[name="source"][value="file"]').check()
        self.page.locator("#file").set_input_files(path)

    def drop(self, path: Path) -> None:
        """Drop a file onto the page, as far as a page can tell."""
        self.page.evaluate(
            """([name, text]) => {
              const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File([bytes], name));
              for (const type of ["dragover", "drop"]) {
                document.body.dispatchEvent(
                  new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
              }
            }""",
            [path.name, base64.b64encode(path.read_bytes()).decode()],
        )

    def expect_state(self, state: str, *, timeout: int = END_MS) -> None:
        expect(self.page.locator(f'#status[data-state="{state}"]')).to_be_visible(timeout=timeout)

    def expect_problem(self, text: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(text, timeout=END_MS)
        self.expect_state("idle")

    def finish(self) -> str:
        """Press Stop and wait for the last word."""
        self.press_start()
        return self.finished()

    def finished(self) -> str:
        """Wait for the last word; return the transcript."""
        expect(self.page.locator("#status")).to_contain_text("Done", timeout=60_000)
        return self.text

    @property
    def text(self) -> str:
        """All words on the screen."""
        return " ".join(" ".join(self.page.locator("#turns p").all_inner_texts()).split())

    def download(self, label: str) -> tuple[str, str]:
        """Save in a format; return the file's name and what is in it."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name=label, exact=True).click()
        return waiting.value.suggested_filename, waiting.value.path().read_text()

    def width(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth")
