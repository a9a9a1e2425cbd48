"""Keys: made here or by OpenSSL, encrypted or not, trusted by lying in a folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.bundles.keys import Trust, make_pair, read_private
from edge.errors import BundleError, BundleReason

OPENSSL = shutil.which("openssl")


def refused(private: Path, passphrase: bytes | None) -> str:
    with pytest.raises(BundleError) as caught:
        read_private(private, passphrase)
    assert caught.value.reason is BundleReason.KEY
    return caught.value.message


def test_what_a_trusted_key_has_signed_is_found_by_its_name(tmp_path: Path) -> None:
    make_pair(tmp_path / "ward.key", None)
    make_pair(tmp_path / "other.key", None)
    signature = read_private(tmp_path / "ward.key", None).sign(b"manifest")
    assert Trust.read(tmp_path).signer(b"manifest", signature) == "ward"


@pytest.mark.parametrize(
    ("data", "signature"), [(b"manifesT", None), (b"manifest", bytes(64)), (b"manifest", b""), (b"manifest", b"x" * 63)]
)
def test_other_bytes_or_another_signature_are_refused(tmp_path: Path, data: bytes, signature: bytes | None) -> None:
    make_pair(tmp_path / "ward.key", None)
    given = read_private(tmp_path / "ward.key", None).sign(b"manifest") if signature is None else signature
    with pytest.raises(BundleError, match="not signed by a key that this box trusts") as caught:
        Trust.read(tmp_path).signer(data, given)
    assert caught.value.reason is BundleReason.SIGNATURE


def test_a_box_without_keys_trusts_nobody_and_says_where_they_belong(tmp_path: Path) -> None:
    trust = Trust.read(tmp_path / "keys")
    with pytest.raises(BundleError, match=f"there is none in {tmp_path / 'keys'}"):
        trust.signer(b"manifest", Ed25519PrivateKey.generate().sign(b"manifest"))


def test_the_private_key_is_for_its_owner_alone_and_is_never_written_over(tmp_path: Path) -> None:
    make_pair(tmp_path / "ward.key", None)
    assert (tmp_path / "ward.key").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "ward.key").read_bytes()
    (tmp_path / "ward.pem").unlink()
    with pytest.raises(BundleError, match="cannot be written"):
        make_pair(tmp_path / "ward.key", None)
    assert (tmp_path / "ward.key").read_bytes() == before


def test_a_key_with_a_passphrase_opens_with_it_alone(tmp_path: Path) -> None:
    make_pair(tmp_path / "ward.key", b"long and secret")
    assert read_private(tmp_path / "ward.key", b"long and secret").sign(b"x")
    assert "needs a passphrase" in refused(tmp_path / "ward.key", None)
    assert "passphrase is wrong" in refused(tmp_path / "ward.key", b"guess")


def test_a_public_key_is_no_private_one(tmp_path: Path) -> None:
    public = make_pair(tmp_path / "ward.key", None)
    assert "no private key" in refused(public, None)


def test_a_file_that_is_no_key_is_told_and_the_others_count(tmp_path: Path) -> None:
    make_pair(tmp_path / "ward.key", None)
    (tmp_path / "broken.pem").write_bytes(b"\x00\xff" * 40)
    shutil.copy(tmp_path / "ward.key", tmp_path / "private.pem")
    trust = Trust.read(tmp_path)
    assert [one.name for one in trust.keys] == ["ward"]
    assert sorted(Path(problem.split()[0]).name for problem in trust.problems) == ["broken.pem", "private.pem"]


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    public = make_pair(tmp_path / "ward.key", None)
    assert Trust.read(public).problems == (f"{public} cannot be read: Not a directory",)


@pytest.mark.skipif(OPENSSL is None, reason="no openssl on the PATH")
def test_openssl_makes_keys_that_sign_and_verifies_what_was_signed_here(tmp_path: Path) -> None:
    key, public, data, signature = (tmp_path / name for name in ("ward.key", "ward.pem", "data", "sig"))
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    data.write_bytes(b"manifest")
    signature.write_bytes(read_private(key, None).sign(b"manifest"))
    assert Trust.read(tmp_path).signer(b"manifest", signature.read_bytes()) == "ward"
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin"]
    verify += ["-inkey", str(public), "-in", str(data), "-sigfile", str(signature)]
    assert subprocess.run(verify, check=False, capture_output=True).returncode == 0
