"""Where callbacks may go: which URLs, and which addresses their names may resolve to.

`allowed_hosts` holds, as the operator wrote them:
`hooks.example.org` (ports 443 and 8443), `hooks.example.org:9000` (that port),
`*.example.org` (names below it), `*` (any name), an address such as `10.0.0.5:9000` or
`[fd00::1]:9000`, or a network such as `10.0.0.0/8`, into which names may resolve.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias
from unicodedata import normalize

Address: TypeAlias = IPv4Address | IPv6Address

USUAL_PORTS = frozenset({443, 8443})
MAX_URL = 2_048
_MAX_PORT = 65_535
_DEFAULT_PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:[/?][!-~]*)?)",
    re.IGNORECASE,
)
_ODD_CHARACTER = re.compile(r'[^!-~]|["#<>\\^`{|}]')
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# What ends in a number is an IPv4 address to browsers and to inet_aton: 127.1, 0x7f.1
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

# Outside it lie IPv4-mapped addresses, NAT64, local ones of all kinds, and multicast.
_IPV6_UNICAST = IPv6Network("2000::/3")
# Networks that the standard library takes for global, in some version or in all.
_DETOURS: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # Teredo, ORCHID and other protocols
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)


class CallbackUrlError(ValueError):
    """Callbacks must not go there; the message says why."""


@dataclass(frozen=True)
class Destination:
    """The parts of an allowed URL. Send by these: another parser may read another host."""

    scheme: str
    host: str  # without the brackets of an IPv6 address
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as in a URL and in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _DEFAULT_PORTS[self.scheme] == self.port
        return host if usual else f"{host}:{self.port}"


def check_url(
    url: str, allowed_hosts: Collection[str], allow_http: bool = False
) -> Destination:
    """The destination, if callbacks may go to this URL. Nothing is resolved here."""
    destination = _parse(url)
    if destination.scheme != "https" and not allow_http:
        raise CallbackUrlError("A callback URL must start with https://.")
    if not _is_allowed(destination, allowed_hosts):
        where = f"host {destination.host}, port {destination.port}"
        raise CallbackUrlError(f"Callbacks to {where} are not allowed.")
    return destination


def check_address(address: str, allowed_hosts: Collection[str] = ()) -> Address:
    """The address, if it is public or the operator named it or its network.

    To be called for every address that a name resolves to; one bad one refuses all.
    """
    ip = _ip(address, IPv4Address, IPv6Address)
    if not _is_public(ip) and not any(_names(entry, ip) for entry in allowed_hosts):
        raise CallbackUrlError(f"{ip} is not a public address.")
    return ip


def _parse(url: str) -> Destination:
    """Stricter than any parser that may come later, so that none reads it otherwise."""
    match = _URL.fullmatch(url)
    if match is None or len(url) > MAX_URL or _ODD_CHARACTER.search(url):
        raise CallbackUrlError(
            "A callback URL is https://, a host, a port if need be, and a path;"
            " no user name, no fragment, and only ASCII characters."
        )
    scheme = match["scheme"].lower()
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 1 <= port <= _MAX_PORT:
        raise CallbackUrlError(f"{port} is not a port.")
    return Destination(scheme, _host(match["host"].lower()), port, match["target"])


def _host(text: str) -> str:
    if text.startswith("["):
        return str(_ip(text[1:-1], IPv6Address))
    if _ENDS_IN_NUMBER.fullmatch(text):
        return str(_ip(text, IPv4Address))
    if not _NAME.fullmatch(text) or not all(map(_is_sound, text.split("."))):
        raise CallbackUrlError("The host of a callback URL is not a name or address.")
    return text


def _is_sound(label: str) -> bool:
    """Whether an international label stands for letters, and not for odd digits or dots."""
    if not label.startswith("xn--"):
        return True
    try:
        letters = label.removeprefix("xn--").encode().decode("punycode")
    except ValueError:
        return False
    shown = letters.isprintable() and not letters.isascii()
    return shown and normalize("NFKC", letters) == letters


def _ip(text: str, *kinds: type[Address]) -> Address:
    """Only the usual spelling; a zone (`%eth0`) is part of no callback."""
    ip = _find_ip(text)
    if ip is None or "%" in text or not isinstance(ip, kinds):
        raise CallbackUrlError("An address must be spelled in the usual way.")
    return ip


def _is_allowed(destination: Destination, allowed_hosts: Collection[str]) -> bool:
    return any(_admits(entry, destination) for entry in allowed_hosts)


def _admits(entry: str, destination: Destination) -> bool:
    host, port = _split(entry)
    ports = USUAL_PORTS if port is None else {port}
    return destination.port in ports and _is_named(destination.host, host)


def _split(entry: str) -> tuple[str, int | None]:
    """Host and port of an entry; the colons of a bare IPv6 address start no port."""
    host, colon, port = entry.strip().lower().rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return entry.strip().lower().strip("[]"), None


def _is_named(host: str, entry: str) -> bool:
    """Whether an entry without its port means this host; a star means names only."""
    if entry == "*" or entry.startswith("*."):
        return host.endswith(entry[1:]) and _find_ip(host) is None
    return host == str(_find_ip(entry) or entry)


def _find_ip(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _names(entry: str, ip: Address) -> bool:
    """Whether an entry is this address, or a network that it lies in."""
    try:
        return ip in ip_network(_split(entry)[0], strict=False)
    except ValueError:
        return False


def _is_public(ip: Address) -> bool:
    if isinstance(ip, IPv6Address) and ip not in _IPV6_UNICAST:
        return False
    detour = any(ip in network for network in _DETOURS)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or detour)
