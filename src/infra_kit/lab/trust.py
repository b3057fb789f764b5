"""The lab's own trust: a certificate authority, device certificates, SSH host keys, known_hosts lines."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra_kit.lab.emulator import TlsFiles
from infra_kit.lab.private_file import write_private

_LIFETIME = dt.timedelta(days=365)
_BACKDATE = dt.timedelta(minutes=5)  # clocks of the containers that talk to the lab may lag


class Authority:
    """A certificate authority kept in a folder; made on first use, the same afterwards."""

    def __init__(self, folder: Path) -> None:
        """Load the authority from `folder`, or make it there."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.certificate_file = folder / "ca.pem"
        key_file = folder / "ca.key"
        if key_file.exists() and self.certificate_file.exists():
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                msg = f"{key_file} is not the key that the lab made"
                raise TypeError(msg)
            self._key = key
            self._certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "infra-kit lab authority")])
        self._certificate = (
            _builder(name, name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        write_private(key_file, _pem(self._key))
        self.certificate_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *hosts: str) -> TlsFiles:
        """A certificate for a device, valid for the given addresses or names; kept and given again while it is valid for them.

        Args:
            name: the device's name; part of the file names.
            hosts: addresses and DNS names that clients will use, such as 127.0.0.1.
        """
        files = TlsFiles(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        wanted = [_alternative(host) for host in (name, *hosts)]
        if files.certificate.exists() and files.key.exists():
            held = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            if list(names) == wanted and held.not_valid_after_utc > dt.datetime.now(dt.UTC):
                return files
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._sign(files, subject, ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(wanted))
        return files

    def issue_client(self, user: str, *groups: str) -> TlsFiles:
        """A certificate that a client proves itself with; kept and given again while it is valid.

        Args:
            user: its common name, as Kubernetes reads users.
            groups: its organizations, as Kubernetes reads groups.
        """
        name = user.replace(":", "-")
        files = TlsFiles(self._folder / f"{name}.client.pem", self._folder / f"{name}.client.key")
        organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        if files.certificate.exists() and files.key.exists():
            held = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            if held.subject == subject and held.not_valid_after_utc > dt.datetime.now(dt.UTC):
                return files
        self._sign(files, subject, ExtendedKeyUsageOID.CLIENT_AUTH)
        return files

    def _sign(self, files: TlsFiles, subject: x509.Name, use: x509.ObjectIdentifier, *more: x509.ExtensionType) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject, self._certificate.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
        write_private(files.key, _pem(key))
        files.certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def host_key(path: Path) -> Path:
    """An SSH host key (Ed25519, OpenSSH form) at `path`; made on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ed25519.Ed25519PrivateKey.generate()
        text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        write_private(path, text)
    return path


def known_hosts_line(key_file: Path, host: str, port: int) -> str:
    """The known_hosts line that pins the key at `key_file` to `[host]:port`."""
    key = serialization.load_ssh_private_key(key_file.read_bytes(), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return f"[{host}]:{port} {public}\n"


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + _LIFETIME)
    )


def _key_usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
