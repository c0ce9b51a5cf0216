"""KMS, completed: whose a key is, and what a key in its state may be used for.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
"""

from __future__ import annotations

import json
from types import SimpleNamespace

from moto.core.exceptions import JsonRESTError
from moto.kms import urls
from moto.kms.models import Alias, KmsBackend, kms_backends
from moto.kms.utils import RESERVED_ALIASES


class CompletedKmsBackend(KmsBackend):
    """One region's KMS."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)

    def put_key_policy(self, key_id: str, policy: str) -> None:
        """Give the key a policy that is JSON."""
        try:
            json.loads(policy)
        except ValueError:
            raise JsonRESTError(
                "MalformedPolicyDocumentException", "The new key policy is not valid JSON."
            ) from None
        super().put_key_policy(key_id, policy)

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
        alias = super().create_alias(target_key_id, alias_name)
        if alias_name in RESERVED_ALIASES:
            self.keys[self.get_key_id(target_key_id)].key_manager = "AWS"
        return alias


def register_kms() -> None:
    """Let moto make completed backends from now on."""
    kms_backends.backend = CompletedKmsBackend
