"""Live inputs with real peers: Debian's ffmpeg at the other end of the connection."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av.error
import pytest

from examples._setup import ROOT
from examples.smelter.complaints import PeerLost
from examples.smelter.inputs import NOTHING
from examples.smelter.pictures import Frame, Samples
from examples.smelter.protocols.aac import AacConfig
from examples.smelter.protocols.addresses import free_port, is_taken
from examples.smelter.protocols.hls import HlsSupply
from examples.smelter.protocols.rtmp import RtmpSupply
from examples.smelter.protocols.rtp import AudioCodec, RtpSupply
from examples.smelter.protocols.session import Session
from examples.smelter.protocols.srt import SrtSupply
from tests.examples.smelter.protocols.peers import (
    AAC,
    H264,
    assert_continuous,
    eventually,
    ffmpeg,
    needs_ffmpeg,
    pushing,
    read,
)


def until_lost(reader: Session) -> str:
    with pytest.raises(PeerLost) as lost:
        read_all(reader)
    return str(lost.value)


def read_all(reader: Session) -> list[Frame | Samples]:
    found: list[Frame | Samples] = []
    while (item := reader.read()) is not None:
        found += [] if item is NOTHING else [item]
    return found


@needs_ffmpeg
def test_rtmp_takes_what_an_encoder_pushes_and_notices_that_it_hangs_up() -> None:
    supply = RtmpSupply(free_port(), "live", "secret")
    with supply.open(0) as reader:
        assert reader.read() is NOTHING, "nobody is there yet"
        with pushing(supply.url, "flv", seconds=2):
            found = read(reader, 20, 20)
            said = until_lost(reader)

    assert_continuous(found)
    assert reader.info.video is not None
    assert (reader.info.video.codec, reader.info.video.width) == ("h264", 160)
    assert "secret" not in said


@needs_ffmpeg
@pytest.mark.parametrize(
    ("codec", "config", "sound"),
    [
        ("opus", "1190", ["-c:a", "libopus", "-ac", "2"]),
        ("aac", "1190", ["-c:a", "aac", "-ac", "2", "-ar", "48000"]),
        ("aac", "1208", ["-c:a", "aac", "-ac", "1"]),
    ],
)
def test_rtp_is_joined_in_the_middle_of_what_is_sent(
    codec: AudioCodec, config: str, sound: list[str]
) -> None:
    supply = RtpSupply(free_port(), "h264", codec, aac=AacConfig(config))
    video = ["-map", "0", *H264, "-payload_type", "96", "-f", "rtp"]
    audio = ["-map", "1", *sound, "-payload_type", "97", "-f", "rtp"]
    targets = (f"rtp://127.0.0.1:{supply.port}", f"rtp://127.0.0.1:{supply.port + 2}")
    with ffmpeg(*video, targets[0], *audio, targets[1]), supply.open(0) as reader:
        found = read(reader, 20, 20)

    assert_continuous(found, lossy=True)


@needs_ffmpeg
def test_an_rtp_input_is_bound_to_the_loopback() -> None:
    supply = RtpSupply(free_port(), "h264", "opus")
    bound: list[str] = []
    with supply.open(0) as reader:
        looking = threading.Timer(0.3, lambda: bound.extend(udp_addresses(supply.port)))
        looking.start()
        assert reader.read() is NOTHING
        looking.join()

    assert bound
    assert set(bound) == {"0100007F"}, "only 127.0.0.1"


def udp_addresses(port: int) -> list[str]:
    lines = Path("/proc/net/udp").read_text("ascii").splitlines()[1:]
    local = [line.split()[1].split(":") for line in lines]
    return [host for host, at in local if int(at, 16) == port]


@needs_ffmpeg
def test_a_complete_playlist_is_read_to_its_end(tmp_path: Path) -> None:
    playlist = tmp_path / "film.m3u8"
    options = ["-t", "2", "-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod"]
    with ffmpeg(*H264, *AAC, *options, str(playlist)) as child:
        assert child.wait(timeout=30) == 0

    handler = partial(QuietHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/film.m3u8"
        for name in (url, str(playlist)):
            with HlsSupply(name).open(0) as reader:
                items = read_all(reader)
            assert sum(isinstance(one, Frame) for one in items) == 60
            assert_continuous(items)
    finally:
        server.shutdown()
        server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *what: object) -> None:
        return


def test_a_playlist_on_the_disk_reaches_for_nothing_on_the_web(tmp_path: Path) -> None:
    playlist = tmp_path / "evil.m3u8"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"
    )
    with HlsSupply(str(playlist)).open(0) as reader, pytest.raises(PeerLost):
        read_all(reader)


@needs_ffmpeg
def test_srt_comes_through_a_child_and_its_crash_is_a_loss() -> None:
    supply = SrtSupply(free_port())
    url = f"srt://127.0.0.1:{supply.port}?mode=caller"
    with supply.open(0) as reader, pushing(url, "mpegts"):
        found = read(reader, 20, 20)
        os.kill(reader.program.pid, signal.SIGSEGV)
        until_lost(reader)
        child = reader.program.pid

    assert_continuous(found)
    assert is_gone(child)


@needs_ffmpeg
def test_the_child_of_a_forgotten_reader_is_ended() -> None:
    reader = SrtSupply(free_port()).open(0)
    child = reader.program.pid
    assert not is_gone(child)

    del reader

    assert is_gone(child)


@needs_ffmpeg
def test_the_child_of_a_server_that_is_killed_ends_with_it_and_leaves_the_port() -> None:
    port = free_port(socket.SOCK_DGRAM)
    words = "import sys, time; from examples.smelter.protocols.srt import SrtSupply"
    words += "; reader = SrtSupply(int(sys.argv[1])).open(0); print('up', flush=True)"
    command = [sys.executable, "-c", f"{words}; time.sleep(60)", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "up\n"
        eventually(lambda: is_taken("127.0.0.1", port, socket.SOCK_DGRAM))
        server.kill()

    # It is not asked whether the child is gone: who was its parent cannot take note of that any more.
    eventually(lambda: not is_taken("127.0.0.1", port, socket.SOCK_DGRAM))


@needs_ffmpeg
def test_a_port_that_somebody_has_is_said_to_be_in_use() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        supply = SrtSupply(other.getsockname()[1])
        with pytest.raises(PeerLost, match="the port is in use by another program"):
            supply.open(0)


def is_gone(child: int) -> bool:
    return (
        subprocess.run(["kill", "-0", str(child)], check=False, capture_output=True).returncode != 0
    )


def test_why_a_connection_ended_in_the_middle_is_said_in_words() -> None:
    def dial() -> None:
        raise av.error.OSError(errno.EIO, "Input/output error")

    lost = until_lost(Session("rtmp port 1935 live", dial))

    assert lost == "rtmp port 1935 live: broke off (Input/output error)"
