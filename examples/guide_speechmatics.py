"""raw_speechmatics_client.py with our client: partials on stderr, turns on stdout."""

import sys

from crossfade import Final, Partial, TurnEnded, sources, sync

file, url, key = sys.argv[1:]
with sync.connect(url, key=key, dialect="speechmatics", token_ttl_s=60) as session:
    session.send_all(sources.in_real_time(sources.media(file), sources.MEDIA_AUDIO))
    for event in session:
        match event:
            case Final(words=words):
                print(*(word.text + word.punctuation for word in words), end=" ", flush=True)
            case Partial(words=words):
                print("\r\033[K", *(word.text for word in words), end="", file=sys.stderr)
            case TurnEnded():
                print(flush=True)
