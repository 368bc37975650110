"""The root key in a key service: the same promises as the key file, and clear words when it fails."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mdm import rotation
from mdm.cli.app import call
from mdm.errors import AccessError, HomeError, IntegrityError, RuleError
from mdm.homes import create_home, open_home
from mdm.keys.vault import Place, Vault
from mdm.settings import make_settings
from tests.keys.transit import TOKEN, SmallTransit, make_key, openbao, real, small


@pytest.fixture(scope="module", params=["small", "openbao"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A key service: one that can be told to fail, and OpenBao itself."""
    if request.param == "openbao":
        if openbao() is None:
            pytest.skip("OpenBao has no package for this machine")
        with real() as address:
            yield address
        return
    with small() as service:
        yield service.url


@pytest.fixture
def service() -> Iterator[SmallTransit]:
    """A service that can be told to fail."""
    with small() as running:
        make_key(running.url, "dtsen")
        yield running


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture(params=["plain", "derived"])
def vault(request: pytest.FixtureRequest, url: str, token_file: Path, tmp_path: Path) -> Vault:
    """A provider over a fresh key, of each kind that binds a context."""
    name = f"{request.param}-{tmp_path.name.lower()}".replace("_", "-")
    make_key(url, name, type="aes256-gcm96", derived=request.param == "derived")
    return Vault(Place(url, name, token_file))


def over(service: SmallTransit, token_file: Path, **more: Any) -> Vault:
    return Vault(Place(service.url, "dtsen", token_file, **more))


def test_a_wrapped_key_opens_in_its_context_only(vault: Vault) -> None:
    wrapped = vault.wrap(b"k" * 32, b"profile/1")
    assert wrapped.startswith(b"vault:v1:")
    assert vault.unwrap(wrapped, b"profile/1") == b"k" * 32
    assert vault.version_of(wrapped) == 1
    with pytest.raises(IntegrityError):
        vault.unwrap(wrapped, b"profile/2")


def test_every_changed_sign_of_a_wrapped_key_is_found(vault: Vault) -> None:
    wrapped = vault.wrap(b"k" * 32, b"c")
    for at in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[at] ^= 2
        with pytest.raises(IntegrityError):
            vault.unwrap(bytes(altered), b"c")
    for text in (b"", b"vault:v1:", b"vault:v99:AAAA", b"junk"):
        with pytest.raises(IntegrityError):
            vault.unwrap(text, b"c")


def test_rotation_wraps_anew_and_what_is_destroyed_opens_no_more(vault: Vault) -> None:
    old = vault.wrap(b"k" * 32, b"c")
    mac = vault.mac(b"data", b"c")
    assert len(mac) == 32
    assert mac != vault.mac(b"data", b"d")
    assert vault.rotate() == 2 == vault.version
    assert vault.versions() == {1: "decrypt-only", 2: "active"}
    assert vault.unwrap(old, b"c") == b"k" * 32
    assert vault.mac(b"data", b"c") == mac
    new = vault.rewrap(old, b"c")
    assert vault.version_of(new) == 2
    with pytest.raises(IntegrityError):
        vault.rewrap(old, b"another")
    with pytest.raises(AccessError, match="decrypt-only"):
        vault.destroy(2)
    vault.destroy(1)
    assert vault.versions() == {1: "destroyed", 2: "active"}
    assert vault.unwrap(new, b"c") == b"k" * 32
    with pytest.raises(IntegrityError):
        vault.unwrap(old, b"c")


def test_a_home_lives_with_its_root_key_in_the_service(
    url: str, home: Path, hub_url: str, token_file: Path, tmp_path: Path
) -> None:
    name = f"home-{tmp_path.name.lower()}".replace("_", "-")
    make_key(url, name)
    hub = create_home(
        home,
        database_url=hub_url,
        key_provider="vault",
        vault_address=url,
        vault_key=name,
        vault_token_file=str(token_file),
    )
    assert not hub.settings.root_key.exists()
    secret = hub.keys.domain("profile").secret
    assert rotation.rotate(hub, rotation.ROOT, actor="keeper") == 2
    lines = {(one.purpose, one.version): one for one in rotation.key_lines(hub)}
    assert lines["root", 1].needed == 0
    hub.keys.provider.destroy(1)
    hub.close()
    again = open_home(home)
    assert again.keys.domain("profile").secret == secret
    again.close()


def test_init_says_where_the_root_key_is(
    service: SmallTransit, token_file: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "dtsen.yaml").write_text(
        f"key_provider: vault\nvault_address: {service.url}\nvault_token_file: {token_file}\n"
    )
    assert call(["--home", str(home), "init"]) == 0
    said = capsys.readouterr().out
    assert f"Root key: dtsen in the key service at {service.url}" in said
    assert "root.key" not in said


def test_a_failing_service_is_asked_again_and_a_refusing_one_is_not(
    service: SmallTransit, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdm.keys.vault.PAUSES", (0.0, 0.0))
    vault = over(service, token_file)
    wrapped = vault.wrap(b"k" * 32, b"c")
    service.faults = [500, 502]
    assert vault.unwrap(wrapped, b"c") == b"k" * 32
    service.asked.clear()
    with pytest.raises(IntegrityError):
        vault.unwrap(wrapped, b"d")
    assert len(service.asked) == 1
    service.faults = [500] * 3
    with pytest.raises(HomeError, match="fails"):
        vault.wrap(b"k" * 32, b"c")
    service.asked.clear()
    service.faults = [500]
    with pytest.raises(HomeError, match="fails"):
        vault.rotate()
    assert service.asked == ["POST /v1/transit/keys/dtsen/rotate"]


def test_a_sealed_service_says_so(
    service: SmallTransit, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdm.keys.vault.PAUSES", (0.0,))
    service.sealed = True
    with pytest.raises(HomeError, match="sealed"):
        over(service, token_file).check()


def test_a_renewed_token_is_read_again(service: SmallTransit, token_file: Path) -> None:
    vault = over(service, token_file)
    wrapped = vault.wrap(b"k" * 32, b"c")
    service.tokens = {"another"}
    with pytest.raises(HomeError, match="refuses the hub's token"):
        vault.unwrap(wrapped, b"c")
    token_file.write_text("another")
    assert vault.unwrap(wrapped, b"c") == b"k" * 32


def test_what_does_not_answer_in_time_is_not_waited_for(
    service: SmallTransit, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdm.keys.vault.TIMEOUT", 0.05)
    vault = over(service, token_file)
    service.pause = 0.3
    with pytest.raises(HomeError, match="in time"):
        vault.check()


def test_wrong_settings_are_named(service: SmallTransit, token_file: Path, tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="no such key"):
        Vault(Place(service.url, "none", token_file)).check()
    with pytest.raises(HomeError, match="no such key"):
        over(service, token_file, mount="nowhere").check()
    make_key(service.url, "weak", type="aes128-gcm96")
    with pytest.raises(HomeError, match="type"):
        Vault(Place(service.url, "weak", token_file)).check()
    with pytest.raises(HomeError, match="TLS"):
        Vault(Place("http://keys.example", "dtsen", token_file))
    with pytest.raises(HomeError, match="cannot be reached"):
        Vault(Place("http://127.0.0.1:1", "dtsen", token_file)).check()
    with pytest.raises(HomeError, match="cannot be read"):
        over(service, tmp_path / "none")
    token_file.write_text("")
    with pytest.raises(HomeError, match="no token"):
        over(service, token_file)
    token_file.chmod(0o644)
    with pytest.raises(HomeError, match="everybody"):
        over(service, token_file)
    with pytest.raises(RuleError, match="vault_address"):
        make_settings(tmp_path, {"key_provider": "vault"})


def test_only_a_certificate_of_the_named_authority_is_trusted(
    tmp_path: Path, token_file: Path
) -> None:
    certificate, context = _certificate(tmp_path)
    with small(context) as service:
        service.respond("POST", "/v1/transit/keys/dtsen", b"{}", {"X-Vault-Token": TOKEN})
        trusting = over(service, token_file, ca_file=certificate)
        assert trusting.unwrap(trusting.wrap(b"k" * 32, b"c"), b"c") == b"k" * 32
        with pytest.raises(HomeError, match="cannot be reached"):
            over(service, token_file).check()


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine, signed by itself, and the context of a server that has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keys of a test")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return certificate, context
