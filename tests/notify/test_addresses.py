import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows_app.notify.addresses import (
    CallbackUrlError,
    Destination,
    check_address,
    check_url,
)

DATA = Path("../shared/data")
SSRF_FILE = DATA / "attack-strings" / "ssrf-urls.txt"
URL_FILE = DATA / "url-parsing" / "urltestdata.json"
HOSTS = ["hooks.example.org", "internal.example.org:9000", "10.0.0.5", "[fd00::1]:9443"]
ANY_PORT = ["*", *(f"*:{port}" for port in (80, 8080, 8000, 81, 90, 1234, 65535))]


@pytest.mark.parametrize(
    ("url", "destination"),
    [
        ("https://hooks.example.org", ("https", "hooks.example.org", 443, "")),
        ("https://hooks.example.org:443/", ("https", "hooks.example.org", 443, "/")),
        ("https://hooks.example.org:8443?a=1", ("https", HOSTS[0], 8443, "?a=1")),
        ("HTTPS://Hooks.Example.ORG/A?b=%C3", ("https", HOSTS[0], 443, "/A?b=%C3")),
        ("https://hooks.example.org/@a:b@c", ("https", HOSTS[0], 443, "/@a:b@c")),
        ("https://internal.example.org:9000/", ("https", HOSTS[1][:-5], 9000, "/")),
        ("https://xn--fa-hia.de/", ("https", "xn--fa-hia.de", 443, "/")),
        ("https://xn--bcher-kva.ch/", ("https", "xn--bcher-kva.ch", 443, "/")),
        ("https://10.0.0.5/x", ("https", "10.0.0.5", 443, "/x")),
        ("https://[FD00:0:0::1]:9443/x", ("https", "fd00::1", 9443, "/x")),
    ],
)
def test_an_allowed_url_is_taken_apart(
    url: str, destination: tuple[str, str, int, str]
) -> None:
    listed = [*HOSTS, "*.de", "xn--bcher-kva.ch"]
    assert check_url(url, listed) == Destination(*destination)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://hooks.example.org:443/", "hooks.example.org"),
        ("https://hooks.example.org:8443/", "hooks.example.org:8443"),
        ("https://[fd00::1]:9443/", "[fd00::1]:9443"),
    ],
)
def test_the_authority_is_what_a_host_header_holds(url: str, authority: str) -> None:
    assert check_url(url, HOSTS).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.org/",
        "https://example.org/",
        "https://a.hooks.example.org/",
        "https://hooks.example.org.evil.org/",
        "https://evil-hooks.example.org/",
        "https://hooks.example.org:80/",
        "https://hooks.example.org:9000/",
        "https://internal.example.org/",
        "https://internal.example.org:8443/",
        "https://10.0.0.6/",
        "https://10.0.0.5:9000/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.5]/",
    ],
)
def test_a_host_or_port_that_is_not_listed_is_refused(url: str) -> None:
    with pytest.raises(CallbackUrlError, match="not allowed"):
        check_url(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org",
        "//hooks.example.org/",
        "https:hooks.example.org/",
        "https:/hooks.example.org/",
        "https:///hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://:443/",
        "https://hooks.example.org:/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:65536/",
        "https://hooks.example.org:443443443/",
        "https://hooks.example.org:+443/",
        "https://hooks.example.org:\uff14\uff14\uff13/",
        "https://user@hooks.example.org/",
        "https://user:pass@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://hooks.example.org@evil.org/",
        "https://evil.org\\@hooks.example.org/",
        "https://hooks.example.org\\.evil.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org#@evil.org/",
        "https://hooks.example.org./",
        "https://.hooks.example.org/",
        "https://hooks..example.org/",
        "https://-hooks.example.org/",
        "https://hooks%2eexample.org/",
        "https://hooks。example.org/",
        "https://ⓗⓞⓞⓚⓢ.example.org/",
        "https://ho\u200boks.example.org/",
        " https://hooks.example.org/",
        "https://hooks.example.org/\n",
        "https://hooks.example.org/ a",
        "https://hooks.exam\tple.org/",
        "https://hooks.example.org/\r\nHost: evil.org",
        "https://hooks.example.org/é",
        "https://hooks.example.org/\ud800",
        "https://hooks.example.org/" + "a" * 2048,
        "https://" + "a" * 64 + ".org/",
        "https://xn--a/",
        "https://xn--/",
        "https://10.0.0.xn--pokxncvks/",
        "https://2130706433/",
        "https://167772165/",
        "https://0x0a000005/",
        "https://0X0A.0.0.5/",
        "https://012.0.0.5/",
        "https://10.5/",
        "https://10.0.5/",
        "https://10.0.0.05/",
        "https://10.0.0.5./",
        "https://10.0.0.256/",
        "https://1.10.0.0.5/",
        "https://a.0x5/",
        "https://0/",
        "https://0x/",
        "https://[10.0.0.5]/",
        "https://[fd00::1%25eth0]/",
        "https://[fd00::1%eth0]/",
        "https://[fd00::1/",
        "https://fd00::1/",
        "https://[::g]/",
    ],
)
def test_an_odd_spelling_is_refused_whatever_is_listed(url: str) -> None:
    for hosts in (HOSTS, ANY_PORT, [*HOSTS, url]):
        with pytest.raises(CallbackUrlError):
            check_url(url, hosts)


def test_http_must_be_allowed_and_its_port_listed() -> None:
    with pytest.raises(CallbackUrlError, match="https"):
        check_url("http://hooks.example.org:443/", HOSTS)
    with pytest.raises(CallbackUrlError, match="port 80"):
        check_url("http://hooks.example.org/", HOSTS, allow_http=True)
    listed = ["127.0.0.1:9000", "hooks.example.org:80"]
    for url in ("http://127.0.0.1:9000/x", "http://hooks.example.org/"):
        assert check_url(url, listed, allow_http=True).scheme == "http"


def test_nothing_is_allowed_by_an_empty_list() -> None:
    with pytest.raises(CallbackUrlError, match="not allowed"):
        check_url("https://hooks.example.org/", [])
    with pytest.raises(CallbackUrlError, match="not allowed"):
        check_url("https://hooks.example.org/", ["", ":443"])


def test_a_star_stands_for_names_below_but_for_no_address() -> None:
    below = ["*.example.org"]
    assert check_url("https://a.b.example.org/", below).host == "a.b.example.org"
    for host in ("example.org", "badexample.org", "a.example.org.evil.org"):
        with pytest.raises(CallbackUrlError):
            check_url(f"https://{host}/", below)
    assert check_url("https://anything.net:8443/", ["*"]).port == 8443
    for url in ("https://8.8.8.8/", "https://[2606:4700::1]/", "https://a.net:22/"):
        with pytest.raises(CallbackUrlError):
            check_url(url, ["*"])


def test_the_operators_spelling_does_not_matter() -> None:
    for entry in (" Hooks.Example.ORG ", "HOOKS.example.org:443"):
        assert check_url("https://hooks.example.org/", [entry]).port == 443
    for entry in ("fd00::1", "[FD00::1]", "[fd00:0::1]:443", "fd00:0:0:0:0:0:0:1"):
        assert check_url("https://[fd00::1]/", [entry]).host == "fd00::1"


def test_no_well_known_attack_url_is_allowed() -> None:
    if not SSRF_FILE.exists():
        pytest.skip("the shared list of attack URLs is not here")
    for line in SSRF_FILE.read_text().splitlines():
        for url in (line, line.replace("http://", "https://")):
            with pytest.raises(CallbackUrlError):
                check_url(url, HOSTS, allow_http=True)


def test_what_is_taken_means_the_same_to_browsers() -> None:
    """Every case of the URL standard: refused, or read as the standard reads it."""
    if not URL_FILE.exists():
        pytest.skip("the shared cases of URL parsing are not here")
    taken = 0
    for case in json.loads(URL_FILE.read_bytes()):
        if not isinstance(case, dict):
            continue
        try:
            found = check_url(case["input"], ANY_PORT, allow_http=True)
        except CallbackUrlError:
            continue
        taken += 1
        assert not case.get("failure")
        assert case["hostname"] == found.host
        assert case["protocol"] == f"{found.scheme}:"
        assert case["host"] == found.authority
        assert case["username"] == case["password"] == ""
    assert taken >= 5


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])), st.text("/:@[].%\\#?0123ax-"))
def test_any_text_is_refused_or_read_alike(anything: str, special: str) -> None:
    for rest in (anything, special):
        for url in (rest, f"https://{rest}", f"https://hooks.example.org{rest}"):
            try:
                found = check_url(url, [*ANY_PORT, *HOSTS])
            except CallbackUrlError:
                continue
            assert urlsplit(url).hostname == found.host
            assert (urlsplit(url).port or 443) == found.port


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "11.0.0.0",
        "172.32.0.1",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450::1",
    ],
)
def test_a_public_address_is_taken(address: str) -> None:
    assert str(check_address(address)) == address


NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 - to be refused
    "0.1.2.3",
    "10.0.0.5",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(CallbackUrlError, match="not a public address"):
        check_address(address)
    with pytest.raises(CallbackUrlError, match="not a public address"):
        check_address(address, ["*", "hooks.example.org", "9.9.9.9", "9.0.0.0/8"])


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_the_operator_may_name_an_address_or_its_network(address: str) -> None:
    network = f"{address}/{112 if ':' in address else 24}"
    port = f"[{address}]:9000" if ":" in address else f"{address}:9000"
    for entry in (address, port, network):
        assert str(check_address(address, ["hooks.example.org", entry])) == str(
            check_address(address, [address])
        )
    with pytest.raises(CallbackUrlError):
        check_address("169.254.7.7", [address, network])


@pytest.mark.parametrize(
    "address", ["", "localhost", "127.1", "2130706433", "010.0.0.1", "fe80::1%eth0"]
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(CallbackUrlError, match="usual way"):
        check_address(address, [address])


def test_a_network_admits_no_url_by_itself() -> None:
    with pytest.raises(CallbackUrlError, match="not allowed"):
        check_url("https://10.0.0.7/", ["10.0.0.0/8"])
