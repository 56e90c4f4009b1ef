"""TLS for the listening sockets, and certificates that are renewed while the server runs."""

import logging
import os
import ssl
from pathlib import Path

from crossfade.errors import ConfigError

logger = logging.getLogger("crossfade.server")

HANDSHAKE_S = 10.0
"""How long a client may take for it, its round trips included."""

_FIELD = "certificate"


class Tls:
    """A certificate and its key, as files that somebody may renew."""

    def __init__(self, certfile: Path, keyfile: Path | None = None) -> None:
        """Read them.

        Args:
            certfile: PEM, the chain included.
            keyfile: Its private key; ``None``: in the same file.

        Raises:
            ConfigError: If they are of no use; ``field`` is ``certificate``.
        """
        self._files = (certfile, keyfile)
        self._versions = self._seen()
        self.context = self._read()

    def renew(self) -> None:
        """Read the files again if they have changed: new connections get the new certificate.

        Files that do not belong together, as for a moment between the two being replaced, change
        nothing. That is said once.
        """
        versions = self._seen()
        if versions == self._versions:
            return
        self._versions = versions
        try:
            self.context = self._read()
        except ConfigError as error:
            logger.error("%s; the certificate read before stays in use", error)
        else:
            logger.info("the certificate %s was renewed", self._files[0])

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(*self._files, password=_no_password)
        except OSError as exc:
            why = exc.reason if isinstance(exc, ssl.SSLError) else os.strerror(exc.errno or 0)
            why = why or "a certificate or its key is missing in it"  # OpenSSL's "PEM lib"
            names = " with ".join(str(path) for path in self._files if path is not None)
            raise ConfigError(f"cannot speak TLS by {names}: {why}", field=_FIELD) from exc
        return context

    def _seen(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(_version(path) for path in self._files if path is not None)


def _no_password() -> str:
    # Without this OpenSSL would ask at the terminal, where a server has nobody.
    raise ConfigError("the private key is encrypted; a server needs it without", field=_FIELD)


def _version(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
