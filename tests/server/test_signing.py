"""The secrets that sign temporary tokens."""

import stat

import jwt
import pytest

from crossfade.errors import ConfigError, CredentialError
from crossfade.server.signing import SecretsFile, check_secrets
from crossfade.server.tokens import Authority

ONE, TWO, THREE = ("1" * 32, "2" * 32, "3" * 32)


def minted(authority) -> str:
    return authority.mint("sesame", scope="plain", ttl_s=60)


def kid(token) -> str:
    return jwt.get_unverified_header(token)["kid"]


def test_the_secret_is_made_once_and_is_the_owners_only(tmp_path):
    path = tmp_path / "data" / "token-secret"
    made = SecretsFile.made(path)
    assert len(path.read_text()) >= 43
    assert SecretsFile.made(path).keys.current == made.keys.current
    assert [item.name for item in path.parent.iterdir()] == ["token-secret"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_unusable_data_directory_is_an_error(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigError) as refused:
        SecretsFile.made(tmp_path / "data" / "token-secret")
    assert refused.value.field == "data_dir"


def test_a_rotated_secret_verifies_once_more_and_a_running_server_follows(keyring, tmp_path):
    path = tmp_path / "token-secret"
    running = Authority(keyring, token_secrets=SecretsFile.made(path))
    first = minted(running)
    SecretsFile(path).rotate()
    second = minted(running)
    assert kid(first) != kid(second)
    assert running.check(first, "plain")
    assert running.check(second, "plain")
    SecretsFile(path).rotate()
    assert running.check(second, "plain")
    with pytest.raises(CredentialError):
        running.check(first, "plain")


def test_replicas_with_the_same_file_accept_each_others_tokens(keyring, tmp_path):
    (tmp_path / "shared").write_text(f"# ours\n\n{ONE}\n")
    here, there = (
        Authority(keyring, token_secrets=SecretsFile(tmp_path / "shared")) for _ in range(2)
    )
    assert there.check(minted(here), "plain").name == "run-1"


def test_one_replica_may_know_a_new_secret_before_the_other_signs_with_it(keyring, tmp_path):
    # How a secret is replaced where files arrive at different times: first added, then moved up.
    for name, secrets in (("early", (ONE, TWO)), ("late", (ONE,))):
        (tmp_path / name).write_text("\n".join(secrets))
    early, late = (
        Authority(keyring, token_secrets=SecretsFile(tmp_path / name)) for name in ("early", "late")
    )
    assert late.check(minted(early), "plain")
    (tmp_path / "late").write_text(f"{TWO}\n{ONE}\n")
    assert early.check(minted(late), "plain")


def test_a_file_that_becomes_nonsense_changes_nothing(keyring, tmp_path, caplog):
    path = tmp_path / "token-secret"
    running = Authority(keyring, token_secrets=SecretsFile.made(path))
    token = minted(running)
    path.write_text("short")
    assert running.check(token, "plain")
    assert "could be guessed" in caplog.text
    assert "short" not in caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "must hold 1 to 8 secrets", id="empty"),
        pytest.param(b"# only a comment\n", "must hold 1 to 8 secrets", id="no-secret"),
        pytest.param("\n".join(f"{n:032}" for n in range(9)).encode(), "1 to 8", id="too-many"),
        pytest.param(ONE.encode() + b"\nsesame", "could be guessed", id="too-short"),
        pytest.param(b"\xff" * 40, "is not text", id="no-text"),
    ],
)
def test_a_file_of_no_use_is_an_error_that_does_not_repeat_it(tmp_path, content, message):
    (tmp_path / "secrets").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as refused:
        SecretsFile(tmp_path / "secrets")
    assert "sesame" not in str(refused.value)


def test_secrets_of_this_run_are_checked_too():
    check_secrets([ONE, THREE], source="the environment")
    with pytest.raises(ConfigError, match="in the environment"):
        check_secrets(["sesame"], source="the environment")
