"""The access keys that this cloud has issued: its own, IAM users' and those of assumed roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from tenantnet.local_cloud.signatures import Fault, Received, SignatureRefusedError, signature_of, verify
from tenantnet.local_cloud.state import ADMINISTRATOR_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """secret: the own key's. any_name: whether IDs that nobody has are further names of the own key."""

    secret: str = field(repr=False)
    any_name: bool = False

    def signer(self, received: Received) -> str:
        """The ID of the key that signed a request. Raises SignatureRefusedError."""
        signature = signature_of(received)
        now = datetime.now(UTC)
        verify(received, signature, self._secret(signature.key_id, signature.token, now), now)
        return signature.key_id

    def is_own(self, key_id: str) -> bool:
        """Whether it is this cloud's own key, which everything is allowed to."""
        return key_id == ADMINISTRATOR_KEY or (self.any_name and _issued(key_id) is None)

    def _secret(self, key_id: str, token: str | None, now: datetime) -> str:
        if key_id == ADMINISTRATOR_KEY:
            return self.secret
        issued = _issued(key_id)
        if issued is None and self.any_name:
            return self.secret
        if issued is None or issued.token != token or not issued.active:
            raise SignatureRefusedError(Fault.UNKNOWN_KEY)
        if issued.expires is not None and issued.expires <= now:
            raise SignatureRefusedError(Fault.TOKEN_EXPIRED)
        return issued.secret


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issued:
    """token: what must come with a key of an assumed role."""

    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    active: bool = True
    expires: datetime | None = None


def _issued(key_id: str) -> _Issued | None:
    for key in _keys_of_users():
        if key.access_key_id == key_id:
            return _Issued(secret=key.secret_access_key, active=key.status == "Active")
    for role in _assumed_roles():
        if role.access_key_id == key_id:
            return _Issued(
                secret=role.secret_access_key,
                token=role.session_token,
                expires=role.expiration.replace(tzinfo=UTC),
            )
    return None


def _keys_of_users() -> Iterator[Any]:
    # iter_backends() forgets which service's backends they are.
    backends: list[Any] = [backend for _, _, backend in iam_backends.iter_backends()]
    for backend in backends:
        for user in [*backend.users.values()]:
            yield from [*user.access_keys]


def _assumed_roles() -> Iterator[Any]:
    backends: list[Any] = [backend for _, _, backend in sts_backends.iter_backends()]
    for backend in backends:
        yield from [*backend.assumed_roles]
