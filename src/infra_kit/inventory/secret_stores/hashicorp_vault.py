"""One value of HashiCorp Vault's KV version 2 engine (developer.hashicorp.com, Vault API, KV v2, "Read secret version")."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infra_kit.inventory.errors import SecretError

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 10.0
_ATTEMPTS = 3
_BACKOFF_S = 0.2
_NOT_FOUND = 404
_FORBIDDEN = 403
_SERVER_ERROR = 500
_REMEDIES = {
    307: "VAULT_ADDR names a standby node: name the active one",
    400: "Vault did not understand the request: check the path",
    _FORBIDDEN: "check VAULT_TOKEN and its policy: it needs `read` on the path",
    _NOT_FOUND: "check mount, path and, on Vault Enterprise, VAULT_NAMESPACE",
    503: "Vault is sealed or in maintenance: unseal it",
}


def read(path: str, key: str) -> str:
    """The value of `key` in the newest version of a secret.

    Args:
        path: mount and path, `secret/site/bmc`; the `data/` of the API is put in, and may be there already.
        key: a key of the secret.

    Raises:
        SecretError: VAULT_ADDR or VAULT_TOKEN missing, no connection, refused, or nothing there. Never carries a value.
    """
    mount, _, rest = path.strip("/").partition("/")
    if not mount or not rest or not key:
        raise SecretError("a vault reference is not complete", remedy="write vault:MOUNT/PATH#KEY")
    reply = _get(f"/v1/{quote(mount)}/data/{quote(rest.removeprefix('data/'))}", f"vault:{path}")
    data = _secret_of(reply, f"vault:{path}")
    if not isinstance(data, dict) or key not in data:
        raise SecretError(f"vault:{path} has no key `{key}`", remedy=f"`vault kv get {path}` shows what it has")
    value = data[key]
    if not isinstance(value, str) or not value:
        raise SecretError(f"`{key}` of vault:{path} is no text", remedy="store it as a string")
    return value


def _secret_of(reply: httpx.Response, where: str) -> Any:
    try:
        return reply.json()["data"]["data"]
    except (ValueError, KeyError, TypeError):
        raise SecretError(f"{where}: the answer is not that of a KV version 2 engine", remedy="check mount and VAULT_ADDR") from None


def _get(route: str, where: str) -> httpx.Response:
    import httpx
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

    address, headers = _address(), _headers()
    retrying = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random_exponential(multiplier=_BACKOFF_S, max=2),
        retry=retry_if_exception_type(httpx.TransportError),
        reraise=True,
    )
    try:
        with httpx.Client(base_url=address, headers=headers, verify=_trust(), timeout=_TIMEOUT_S, trust_env=False) as client:
            reply = retrying(client.get, route)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SecretError(f"{where}: Vault at {address} does not answer: {error}", remedy="check VAULT_ADDR and VAULT_CACERT") from error
    if reply.is_success:
        return reply
    remedy = _REMEDIES.get(reply.status_code, "ask Vault's own log" if reply.status_code >= _SERVER_ERROR else "check the path")
    raise SecretError(f"{where}: Vault answers {reply.status_code} {_words(reply)}".rstrip(), remedy=remedy)


def _words(reply: httpx.Response) -> str:
    """Vault's own words; KV answers a deleted version with 404 and the metadata."""
    try:
        content = reply.json()
    except ValueError:
        return ""
    errors = content.get("errors") if isinstance(content, dict) else None
    if errors:
        return "; ".join(map(str, errors))
    return "the newest version is deleted" if reply.status_code == _NOT_FOUND and isinstance(content, dict) and content.get("data") else ""


def _address() -> str:
    address = os.environ.get("VAULT_ADDR", "")
    if not address:
        raise SecretError("VAULT_ADDR is not set", remedy="export VAULT_ADDR=https://HOST:8200")
    if not address.startswith("https://") and not address.startswith(("http://127.", "http://localhost")):
        raise SecretError(f"VAULT_ADDR {address} is not https", remedy="a token never crosses the network readable: use https")
    return address


def _headers() -> dict[str, str]:
    token = os.environ.get("VAULT_TOKEN", "")
    if not token:
        raise SecretError("VAULT_TOKEN is not set", remedy="export VAULT_TOKEN before the run")
    namespace = os.environ.get("VAULT_NAMESPACE", "")
    return {"X-Vault-Token": token, "X-Vault-Request": "true", **({"X-Vault-Namespace": namespace} if namespace else {})}


def _trust() -> ssl.SSLContext:
    file = os.environ.get("VAULT_CACERT")
    try:
        return ssl.create_default_context(cafile=file or None)
    except (OSError, ssl.SSLError) as error:
        raise SecretError(f"VAULT_CACERT {file} cannot be used: {error}", remedy="name a PEM file of the authority") from error
