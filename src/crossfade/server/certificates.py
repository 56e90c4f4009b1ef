"""A certificate authority of this machine's own, and the server certificate that it signs.

For networks in which nobody else vouches for a server: a laptop, a laboratory, a cluster. Clients
are told to trust the authority once; the certificate can then change as often as it likes. All of
it is done by the ``cryptography`` package; what is decided here is what the certificates say.
"""

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from crossfade.errors import ConfigError
from crossfade.server.files import changing, write_private

_AUTHORITY_LIFE = timedelta(days=3650)
_LIFE = timedelta(days=397)
"""Of a server's certificate: what browsers accept of public authorities. Apple's systems accept 825
days at most of anybody."""

_RENEWED_BEFORE = timedelta(days=30)
_SLOW_CLOCKS = timedelta(hours=1)

_ANY_HOST = ("0.0.0.0", "::")


class Issued(Struct, frozen=True, kw_only=True):
    """A server certificate, its key, and the authority that clients have to trust."""

    authority: Path
    certificate: Path
    key: Path
    names: tuple[str, ...]
    """Host names and addresses for which it is valid."""
    expires: datetime


def own_names(host: str = "127.0.0.1") -> tuple[str, ...]:
    """The names by which clients may call a server that listens on ``host``."""
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname()]
    names += _outward_addresses() if host in _ANY_HOST else [host]
    return tuple(dict.fromkeys(names))


def ensure(folder: Path, names: Iterable[str]) -> Issued:
    """Return the certificate in a folder; make it where it is missing or does not do any more.

    It does not do where it lacks a name, or ends within a month.

    Raises:
        ConfigError: If the folder cannot be written, its files are not what they should be, or a
            name is none.
    """
    wanted = _names(names)
    if (folder / "server.pem").exists():
        issued = _issued(folder)
        if set(wanted) <= set(issued.names) and issued.expires - _now() > _RENEWED_BEFORE:
            return issued
    return issue(folder, wanted)


def issue(folder: Path, names: Iterable[str]) -> Issued:
    """Make a new server certificate, and the authority if there is none; names are kept.

    Raises:
        ConfigError: As ``ensure``.
    """
    wanted = _names(names)
    with changing(folder / "ca.pem"):
        if not (folder / "ca.pem").exists() or _ends_soon(folder / "ca.pem"):
            _make_authority(folder)
        if (folder / "server.pem").exists():
            wanted = tuple(dict.fromkeys((*_issued(folder).names, *wanted)))
        _make_certificate(folder, wanted)
    return _issued(folder)


def _make_authority(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Crossfade on {socket.gethostname()}"[:64])]
    )
    certificate = (
        _builder(name, name, key.public_key(), _now() + _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / "ca-key.pem", _pem(key))
    write_private(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM))


def _make_certificate(folder: Path, names: Sequence[str]) -> None:
    authority, authority_key = _read(folder / "ca.pem"), _read_key(folder / "ca-key.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    ends = min(_now() + _LIFE, authority.not_valid_after_utc)
    certificate = (
        _builder(subject, authority.subject, key.public_key(), ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
        )
        # Python asks for it since 3.13 (VERIFY_X509_STRICT).
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    write_private(folder / "server-key.pem", _pem(key))
    write_private(
        folder / "server.pem", certificate.public_bytes(serialization.Encoding.PEM)
    )  # last: until then a running server reads two files that do not fit, and keeps what it has


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _SLOW_CLOCKS)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued(folder: Path) -> Issued:
    certificate = _read(folder / "server.pem")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return Issued(
        authority=folder / "ca.pem",
        certificate=folder / "server.pem",
        key=folder / "server-key.pem",
        names=tuple(str(name.value) for name in names),
        expires=certificate.not_valid_after_utc,
    )


def _ends_soon(path: Path) -> bool:
    return _read(path).not_valid_after_utc - _now() < _LIFE


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as exc:
        raise ConfigError(f"cannot read {path}: {exc.strerror}", field="tls") from exc
    except ValueError as exc:
        raise ConfigError(f"{path} is not a certificate", field="tls") from exc


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as exc:
        raise ConfigError(
            f"{path} is gone, so nothing can be signed; without {path.parent} a new authority is "
            "made, which every client has to trust anew",
            field="tls",
        ) from exc
    except OSError as exc:
        raise ConfigError(f"cannot read {path}: {exc.strerror}", field="tls") from exc
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"{path} is not a private key of ours", field="tls") from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError(f"{path} is not a private key of ours", field="tls")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """The names as a certificate spells them, each once."""
    return tuple(dict.fromkeys(str(_general_name(name).value) for name in names))


def _general_name(name: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    try:
        spelled = name.encode("idna").decode()
        if not spelled or any(character in spelled for character in " /:@"):
            raise ValueError(name)
        return x509.DNSName(spelled)
    except ValueError as exc:
        raise ConfigError(f"{name!r} is no name of a host", field="host") from exc


def _outward_addresses() -> list[str]:
    """The address by which this machine's network knows it; nothing is sent to find it out."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address of nobody (RFC 5737)
        return [str(probe.getsockname()[0])]
    return []


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
