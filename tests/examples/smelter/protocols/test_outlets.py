"""Live outputs with real receivers: Debian's ffmpeg at the other end of the connection."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import av
import numpy as np
import pytest

from examples.smelter.complaints import PeerLost
from examples.smelter.encode import AudioCodec, AudioEncoder, Encoding, Packet, VideoEncoder
from examples.smelter.inspection import inspect_output
from examples.smelter.pictures import Picture
from examples.smelter.protocols.addresses import free_port
from examples.smelter.protocols.hls import HlsSupply
from examples.smelter.protocols.outlet import HlsTarget, Outlet, RtmpTarget, RtpTarget
from tests.examples.smelter.films import RED, SMALL, tone
from tests.examples.smelter.protocols.peers import needs_ffmpeg


def packets(
    seconds: float, encoding: Encoding = SMALL, *, noise: bool = False
) -> Iterator[tuple[Packet, ...]]:
    """Encode as much media, a tick at a time."""
    video, audio = VideoEncoder(encoding), AudioEncoder(encoding)
    chance = np.random.default_rng(1)
    for tick in range(round(seconds * 30)):
        picture = Picture.solid(64, 36, RED)
        if noise:
            picture = Picture(chance.integers(16, 235, (54, 64)).astype(np.uint8))
        yield (*video.encode(picture, tick), *audio.encode(tone(tick * 1600, 1600)))
    yield (*video.flush(), *audio.flush())


@contextmanager
def receiver(path: Path, *source: str) -> Iterator[subprocess.Popen[bytes]]:
    """Let ffmpeg write down what it receives."""
    quick = ["-analyzeduration", "500000", "-flush_packets", "1"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *quick[:2], *source, "-c", "copy"]
    command += [*quick[2:], str(path)]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def write_slowly(outlet: Outlet) -> None:
    for some in packets(60):
        outlet.write(some)
        assert not outlet.is_let_in(), "nobody is there"
        time.sleep(0.01)


def wait_for_listener(url: str) -> None:
    """Wait until somebody listens, without a visit: it would count as the publisher."""
    port = f":{urlsplit(url).port or 0:04X}"
    deadline = time.monotonic() + 20
    while not any(
        line.split()[1].endswith(port) and line.split()[3] == "0A"
        for line in Path("/proc/net/tcp").read_text("ascii").splitlines()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_ffmpeg
def test_rtmp_arrives_complete_at_a_server(tmp_path: Path) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/key"
    path = tmp_path / "received.mp4"
    with receiver(path, "-listen", "1", "-i", url) as server:
        wait_for_listener(url)
        with Outlet(RtmpTarget(url), SMALL) as outlet:
            for some in packets(2):
                outlet.write(some)
            while not outlet.is_let_in():
                time.sleep(0.05)
        assert server.wait(timeout=20) == 0

    found = inspect_output(str(path))
    assert found.video_frames == 60
    assert found.video_pts_increase
    assert found.audio_samples >= 2 * 48000 - 2048


@needs_ffmpeg
def test_a_server_that_stops_reading_is_lost_within_seconds(tmp_path: Path) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/key"
    with receiver(tmp_path / "received.mp4", "-listen", "1", "-i", url) as server:
        wait_for_listener(url)
        outlet = Outlet(RtmpTarget(url), SMALL, ("video",))
        data = b"\0\0\0\1\x65" + b"\x99" * 100_000
        stuffing = (Packet("video", data, n, 1, True, 1 / SMALL.rate) for n in range(999))
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(PeerLost):
            outlet.write(stuffing)
        outlet.close()


@needs_ffmpeg
def test_nobody_at_the_other_end_is_a_loss() -> None:
    outlet = Outlet(RtmpTarget(f"rtmp://127.0.0.1:{free_port()}/live/key"), SMALL)
    with outlet, pytest.raises(PeerLost) as lost:
        write_slowly(outlet)

    assert "/live/key" not in str(lost.value)
    assert "is not there, has hung up, or does not know this app and key" in str(lost.value)


@needs_ffmpeg
@pytest.mark.parametrize("codec", ["aac", "opus"])
def test_rtp_arrives_as_its_sdp_says(tmp_path: Path, codec: AudioCodec) -> None:
    encoding = replace(SMALL, audio_codec=codec)
    target = RtpTarget("127.0.0.1", free_port(socket.SOCK_DGRAM))
    description = tmp_path / "session.sdp"
    description.write_text(target.sdp(encoding), "utf-8")
    path = tmp_path / "received.mkv"
    listen = ["-protocol_whitelist", "file,udp,rtp", "-i", str(description), "-t", "3"]
    with receiver(path, *listen) as peer, Outlet(target, encoding) as outlet:
        for some in packets(12, encoding):
            outlet.write(some)
            if peer.poll() is not None:
                break
            time.sleep(1 / 60)

        assert peer.wait(timeout=20) == 0
    found = inspect_output(str(path))
    assert found.video_frames >= 25
    assert found.audio_decoded >= 40_000
    with av.open(path) as received:
        assert [one.codec_context.name for one in received.streams] == ["h264", codec]
        shown = next(received.decode(video=0)).to_ndarray()
    assert abs(int(shown[18, 32]) - RED[0]) <= 2


def test_a_playlist_can_be_read_and_old_segments_go(tmp_path: Path) -> None:
    target = HlsTarget(str(tmp_path / "live.m3u8"), segments=2, seconds=1)
    with Outlet(target, SMALL) as outlet:
        for some in packets(10, noise=True):
            outlet.write(some)

    assert len(list(tmp_path.glob("*.ts"))) <= 4, "segments are two seconds long, ten were made"
    with HlsSupply(str(tmp_path / "live.m3u8")).open(0) as reader:
        items = []
        while (item := reader.read()) is not None:
            items.append(item)
    assert len(items) > 60
