"""The outside world: where pictures and sound come from, and where they go to.

A *supply* is a frozen value that says what an input is; `open` makes its reader, in the input's own
process. A *sink* says what an output is; `children` names the processes that make it. Both are
checked when they are made, so what a request asks for is refused before anything starts.

- `session`: what most live inputs share: one connection, read until it is lost;
- in: `rtmp` (listens), `rtp` (by SDP), `hls`, `srt` (an ffmpeg child), `whip` (WebRTC), `raw`
  (frames from Python);
- out: `live_sink` (encoders and sender) on an `outlet` (RTMP, RTP, HLS); `watching`, for a browser: by
  WebRTC (`whep`) or as JPEGs, from what `preview` and `listening` keep; `raw` again;
- `addresses`: hosts, ports and names as users write them, checked; `aac`: what an SDP says of it;
  `webrtc`: one connection, and `offspring`: what a library leaves behind; `program`: an ffmpeg child
  behind a pipe; `gates`: a reader's own process, after the one before it.

A connection that ends is no end of stream. The reader fails, its process ends, and whoever is
responsible starts another one, later and later (`PeerLost` says why).
"""
