"""The local cloud's certificate authority: it vouches for database servers by their endpoint names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=365)
# MySQL takes a longer common name for none at all; clients read the alternative names.
COMMON_NAME_LENGTH = 64


class CertificateAuthority:
    """One per run of the local cloud. Its key is never on disk: nobody else can vouch for anything."""

    def __init__(self) -> None:
        self._key = _new_key()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenantnet local cloud")])
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self._certificate = (
            self._unsigned(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> bytes:
        """What clients trust, as PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, address: str) -> tuple[bytes, bytes]:
        """A new key and a certificate for a server by its DNS name and IPv4 address, both as PEM."""
        key = _new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:COMMON_NAME_LENGTH])])
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(IPv4Address(address))])
        certificate = (
            self._unsigned(subject, key)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        # MySQL 8.0.15 comes with OpenSSL 1.0.2, which reads a key in this form.
        private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return private, certificate.public_bytes(Encoding.PEM)

    def _unsigned(self, subject: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + VALID)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(signer, critical=False)
        )


def _new_key() -> rsa.RSAPrivateKey:
    """MySQL 8.0.15 offers no handshake for elliptic keys."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)
