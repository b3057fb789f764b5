import contextlib
import ssl
import stat

import paramiko

from infra_kit.lab.trust import Authority, host_key, known_hosts_line


def test_an_authority_survives_and_certificates_are_given_again(tmp_path):
    first = Authority(tmp_path).issue("bmc01", "127.0.0.1")
    serial = first.certificate.read_bytes()
    again = Authority(tmp_path).issue("bmc01", "127.0.0.1")
    assert again.certificate.read_bytes() == serial


def test_other_hosts_make_another_certificate(tmp_path):
    authority = Authority(tmp_path)
    before = authority.issue("bmc01", "127.0.0.1").certificate.read_bytes()
    after = authority.issue("bmc01", "127.0.0.2", "bmc01.example").certificate.read_bytes()
    assert before != after


def test_keys_are_readable_by_their_owner_only(tmp_path):
    files = Authority(tmp_path / "ca").issue("bmc01", "127.0.0.1")
    key = host_key(tmp_path / "ssh" / "leaf01a")
    for secret in (files.key, tmp_path / "ca" / "ca.key", key):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_the_authority_is_one_that_openssl_accepts_strictly(tmp_path):
    authority = Authority(tmp_path)
    files = authority.issue("bmc01", "127.0.0.1")
    context = ssl.create_default_context(cafile=str(authority.certificate_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    peer = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, peer, client, peer):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert client.getpeercert()["subjectAltName"] == (("DNS", "bmc01"), ("IP Address", "127.0.0.1"))


def test_paramiko_reads_the_pinned_line(tmp_path):
    key = host_key(tmp_path / "leaf01a")
    entry = paramiko.hostkeys.HostKeyEntry.from_line(known_hosts_line(key, "127.0.0.1", 2201).strip())
    assert entry.hostnames == ["[127.0.0.1]:2201"]
    assert entry.key.get_name() == "ssh-ed25519"
    assert host_key(key) == key
