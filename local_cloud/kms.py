"""KMS, completed: whose a key is, and what a key in its state may be used for.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from operator import itemgetter
from time import time
from types import SimpleNamespace
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms import urls
from moto.kms.models import Alias, Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse
from moto.kms.utils import RESERVED_ALIASES
from tenantnet.local_cloud.pace import here, now

# "It might take up to five minutes for tag and alias changes to affect KMS key authorization."
TAGS_SPREAD_SECONDS = 300.0
BEFORE = 1_500_000_000.0
# Where nobody asks for fewer.
DELETION_DAYS = 30


class CompletedKmsResponse(KmsResponse):
    """All calls, with what KMS says and moto does not."""

    def list_aliases(self) -> str:
        """By name, and since when they are; AWS's own since a day on which nobody looked."""
        answer = json.loads(super().list_aliases())
        own: Iterable[Any] = self.kms_backend.list_aliases(None)
        made = {alias.alias_name: getattr(alias, "made_at", BEFORE) for alias in own}
        for alias in answer["Aliases"]:
            at = made.get(alias["AliasName"], BEFORE)
            alias |= {"CreationDate": at, "LastUpdatedDate": at}
        return json.dumps({**answer, "Aliases": sorted(answer["Aliases"], key=itemgetter("AliasName"))})

    def encrypt(self) -> str:
        return _with(super().encrypt(), EncryptionAlgorithm="SYMMETRIC_DEFAULT")

    def decrypt(self) -> str:
        return self._of_material(_with(super().decrypt(), EncryptionAlgorithm="SYMMETRIC_DEFAULT"))

    def generate_data_key(self) -> str:
        return self._of_material(super().generate_data_key())

    def _of_material(self, answer: str) -> str:
        """The answer with the key material that was used.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
        """
        key = self.kms_backend.keys[self.kms_backend.get_key_id(json.loads(answer)["KeyId"])]
        return _with(answer, KeyMaterialId=_material_id(key))

    def get_key_rotation_status(self) -> str:
        return _with(super().get_key_rotation_status(), KeyId=self._get_param("KeyId"))

    def schedule_key_deletion(self) -> str:
        days = self._get_param("PendingWindowInDays") or DELETION_DAYS
        return _with(super().schedule_key_deletion(), KeyState="PendingDeletion", PendingWindowInDays=days)


def _with(answer: str, **more: object) -> str:
    return json.dumps({**json.loads(answer), **more})


def _material_id(key: Key) -> str:
    """64 hexadecimal digits that stay the same, since no key is rotated here."""
    return sha256(key.arn.encode()).hexdigest()


class CompletedKmsBackend(KmsBackend):
    """One region's KMS."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._tagged: dict[str, tuple[float, dict[str, str]]] = {}

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        paths = dict.fromkeys(urls.url_paths, CompletedKmsResponse.dispatch)
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=paths)

    def create_key(self, *args: Any, **kwargs: Any) -> Key:  # noqa: ANN401 - passed on as they are
        """A new key, whose tags IAM does not know yet."""
        key = super().create_key(*args, **kwargs)
        key.key_usage = key.key_usage or "ENCRYPT_DECRYPT"
        key.multi_region = bool(key.multi_region)
        if key.origin == "EXTERNAL":
            # Nobody imports material here. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
            key.enabled, key.key_state = False, "PendingImport"
        self._tagged[key.id] = (now(), {})
        return key

    def tag_resource(self, arn: str, tags: dict[str, str]) -> None:
        """Give tags that IAM knows after a while."""
        key = self.get_key_id(arn)
        self._tagged[key] = (now(), self.known_tags(key))
        super().tag_resource(arn, tags)

    def known_tags(self, key: str) -> dict[str, str]:
        """The tags by which IAM judges.

        https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html
        """
        since, former = self._tagged.get(key, (0.0, {}))
        if now() - since < here(TAGS_SPREAD_SECONDS):
            return former
        return dict(self.tagger.get_tag_dict_for_resource(key))

    def put_key_policy(self, key_id: str, policy: str) -> None:
        """Give the key a policy that is JSON."""
        try:
            json.loads(policy)
        except ValueError:
            raise JsonRESTError(
                "MalformedPolicyDocumentException", "The new key policy is not valid JSON."
            ) from None
        super().put_key_policy(key_id, policy)

    def decrypt(
        self, ciphertext_blob: bytes, encryption_context: dict[str, str], key_id: str | None = None
    ) -> tuple[bytes, str]:
        """Decrypt; a key that is named is the one that encrypted."""
        plaintext, arn = super().decrypt(ciphertext_blob, encryption_context)
        if key_id and self.keys[self.any_id_to_key_id(key_id)].arn != arn:
            raise JsonRESTError(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            )
        return plaintext, arn

    def enable_key_rotation(self, key_id: str) -> None:
        self._require_rotation(key_id)
        super().enable_key_rotation(key_id)

    def get_key_rotation_status(self, key_id: str) -> bool:
        self._require_rotation(key_id)
        return super().get_key_rotation_status(key_id)

    def _require_rotation(self, key_id: str) -> None:
        """AWS rotates symmetric keys of its own material.

        https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
        """
        key = self.keys[self.get_key_id(key_id)]
        if key.origin == "EXTERNAL":
            message = f"{key.arn} origin is EXTERNAL which is not valid for this operation."
            raise JsonRESTError("UnsupportedOperationException", message)

    def enable_key(self, key_id: str) -> None:
        """Enable a key that has its material."""
        key = self.keys[key_id]
        if key.key_state == "PendingImport":
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending import.")
        super().enable_key(key_id)

    def encrypt(self, key_id: str, plaintext: bytes, encryption_context: dict[str, str]) -> tuple[bytes, str]:
        """Encrypt by a key that is neither disabled nor on its way out."""
        key = self.keys[self.any_id_to_key_id(key_id)]
        if key.key_state == "Disabled":
            raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
        if key.key_state != "Enabled":
            state = "pending deletion" if key.key_state == "PendingDeletion" else "pending import"
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is {state}.")
        if key.key_usage not in (None, "ENCRYPT_DECRYPT"):
            raise JsonRESTError(
                "InvalidKeyUsageException",
                f"{key.arn} key usage is {key.key_usage} which is not valid for Encrypt.",
            )
        return super().encrypt(key_id, plaintext, encryption_context)

    def create_alias(self, target_key_id: str, alias_name: str) -> Alias:
        """Name a key; a name such as `alias/aws/dynamodb` is given by AWS to a key of its own."""
        alias: Any = super().create_alias(target_key_id, alias_name)
        alias.made_at = time()
        if alias_name in RESERVED_ALIASES:
            self.keys[self.get_key_id(target_key_id)].key_manager = "AWS"
        return alias  # type: ignore[no-any-return] # it has a time more


def register_kms() -> None:
    """Let moto make completed backends from now on."""
    kms_backends.backend = CompletedKmsBackend
