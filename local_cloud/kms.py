"""KMS, completed: keys that services make for themselves are AWS's, not the customer's.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
"""

from __future__ import annotations

from types import SimpleNamespace

from moto.kms import urls
from moto.kms.models import Alias, KmsBackend, kms_backends
from moto.kms.utils import RESERVED_ALIASES


class CompletedKmsBackend(KmsBackend):
    """One region's KMS."""

    @property
    def _url_module(self) -> SimpleNamespace:
        """What moto looks for in `urls.py` beside the backend's module."""
        return SimpleNamespace(url_bases=urls.url_bases, url_paths=urls.url_paths)

    def create_alias(self, target_key_id: str, alias_name: str) -> Alias:
        """Name a key; a name such as `alias/aws/dynamodb` is given by AWS to a key of its own."""
        alias = super().create_alias(target_key_id, alias_name)
        if alias_name in RESERVED_ALIASES:
            self.keys[self.get_key_id(target_key_id)].key_manager = "AWS"
        return alias


def register_kms() -> None:
    """Let moto make completed backends from now on."""
    kms_backends.backend = CompletedKmsBackend
