"""Caption the microphone until Ctrl-C: pip install 'crossfade[mic]'.

python microphone.py ws://127.0.0.1:8765 YOUR_KEY
"""

import signal
import sys

from crossfade import Final, sources, sync

url, key = sys.argv[1:]
microphone = sources.Microphone()
signal.signal(signal.SIGINT, lambda *_: microphone.stop())  # what was said before is still heard
with sync.connect(url, key=key, dialect="speechmatics") as session:
    session.send_all(microphone)
    for event in session:
        if isinstance(event, Final):
            print(*(word.text + word.punctuation for word in event.words), flush=True)
