"""Parquet Modular Encryption under our own key chain: the lake domain key wraps each file's key."""

from __future__ import annotations

import base64
import os
from typing import Any

import pyarrow.parquet.encryption as pe
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mdm.errors import IntegrityError
from mdm.keys import Keys

NONCE_BYTES = 12


class ParquetKeys:
    """Encryption and decryption properties for pyarrow; a fresh 256-bit key per file."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._factory = pe.CryptoFactory(lambda _config: _LakeKms(keys))

    def encryption(self) -> Any:
        """Properties of a new file: AES-256-GCM for footer and every column."""
        config = pe.EncryptionConfiguration(  # type: ignore[call-arg]
            footer_key=str(self._keys.domain("lake").version),
            uniform_encryption=True,
            encryption_algorithm="AES_GCM_V1",
            double_wrapping=False,
            data_key_length_bits=256,
        )
        return self._factory.file_encryption_properties(pe.KmsConnectionConfig(), config)

    def decryption(self) -> Any:
        """Properties to open any file of this lake."""
        return self._factory.file_decryption_properties(pe.KmsConnectionConfig())

    def noting(self, versions: list[int]) -> Any:
        """The same; the key version a file needs is added to `versions` when it is opened."""
        factory = pe.CryptoFactory(lambda _config: _Noting(self._keys, versions))
        return factory.file_decryption_properties(pe.KmsConnectionConfig())


class _LakeKms(pe.KmsClient):
    """Wraps a file's key under the lake domain key version that the identifier names."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._sealer(master_key_identifier).encrypt(
            nonce, key_bytes, _aad(master_key_identifier)
        )
        return base64.b64encode(nonce + sealed).decode()

    def unwrap_key(  # type: ignore[override]
        self, wrapped_key: str, master_key_identifier: str
    ) -> bytes:
        wrapped = base64.b64decode(wrapped_key)
        try:
            return self._sealer(master_key_identifier).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _aad(master_key_identifier)
            )
        except InvalidTag:
            raise IntegrityError("A lake file's key does not open.") from None

    def _sealer(self, version: str) -> AESGCM:
        return AESGCM(self._keys.domain("lake", int(version)).subkey("wrap file key"))


class _Noting(_LakeKms):
    """Tells which key versions were asked for."""

    def __init__(self, keys: Keys, versions: list[int]) -> None:
        super().__init__(keys)
        self._versions = versions

    def unwrap_key(  # type: ignore[override]
        self, wrapped_key: str, master_key_identifier: str
    ) -> bytes:
        self._versions.append(int(master_key_identifier))
        return super().unwrap_key(wrapped_key, master_key_identifier)


def _aad(version: str) -> bytes:
    return f"dtsen/lake-file-key/{version}".encode()
