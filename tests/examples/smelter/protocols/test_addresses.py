from __future__ import annotations

import socket

import pytest

from examples.smelter.complaints import OptionRefused
from examples.smelter.protocols.aac import AacConfig
from examples.smelter.protocols.addresses import (
    check_host,
    check_port,
    check_url,
    check_word,
    free_port,
)
from examples.smelter.protocols.outlet import RtmpTarget
from examples.smelter.protocols.rtmp import RtmpSupply
from examples.smelter.protocols.whip import WhipSupply
from examples.smelter.web.gate import Gate

SECRET = "a-secret-of-thirty-two-letters-00"  # noqa: S105 - of this test alone


@pytest.mark.parametrize(
    "word", ["", ".", "..", "a b", "a/b", "a?listen=0", "é", "x" * 65, 7, None]
)
def test_what_could_mean_something_else_in_a_url_is_no_word(word: object) -> None:
    with pytest.raises(OptionRefused):
        check_word("key", word)


@pytest.mark.parametrize("port", [0, 80, 1023, 65536, True, "8081", 8081.0, None])
def test_ports_of_the_system_and_what_is_no_port_are_refused(port: object) -> None:
    with pytest.raises(OptionRefused):
        check_port("port", port)


@pytest.mark.parametrize(
    "host", ["", "localhost", "example.org", "127.1", "0x7f000001", "a b", 1, None]
)
def test_a_host_is_a_number(host: object) -> None:
    with pytest.raises(OptionRefused):
        check_host("host", host)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "rtmp:",
            "rtmp://",
            "http://a/b",
            "rtmp://a:0/b/c",
            "rtmp://a:99999/b/c",
            "file:///etc/x",
        ),
        *("rtmp://a/b c", "rtmp://a/b\n", "rtmp://" + "a" * 3000, 7, None, "rtmp://[::1/a/b"),
    ],
)
def test_what_is_no_url_of_the_kind_is_refused(url: object) -> None:
    with pytest.raises(OptionRefused):
        check_url("url", url, ("rtmp",))


def test_free_ports_are_even_and_have_three_free_ones_behind_them() -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        port = free_port(kind)
        assert port % 2 == 0
        for each in range(port, port + 4):
            with socket.socket(type=kind) as one:
                one.bind(("127.0.0.1", each))


@pytest.mark.parametrize(
    "holder",
    [
        RtmpSupply(1935, "live", SECRET),
        WhipSupply("camera", SECRET),
        RtmpTarget(f"rtmp://127.0.0.1/live/{SECRET}"),
        Gate(frozenset(), SECRET),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_no_report_of_a_process_shows_a_secret(holder: object) -> None:
    assert SECRET not in repr(holder)
    assert SECRET not in getattr(holder, "title", "")


@pytest.mark.parametrize(
    "config", ["", "11", "1 90", "zz90", "1190 a=x", "0990", "1780", "11b8", "11" * 65, 7, None]
)
def test_a_configuration_of_aac_is_understood_or_refused(config: object) -> None:
    assert (AacConfig("1210").rate, AacConfig("1588").channels) == (44100, 1)
    with pytest.raises(OptionRefused) as refused:
        AacConfig(config)  # type: ignore[arg-type]

    assert refused.value.option == "audio_specific_config"
