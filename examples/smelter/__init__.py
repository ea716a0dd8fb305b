"""A live video compositor: many inputs on one timeline, composed and mixed, in a tree that heals.

`python3 -m examples smelter --crash` makes a film of two real clips and kills workers meanwhile;
`--help` says what else can be asked for. Read `tree` first: who is responsible for whom. Then `wire`:
what they say to each other. The rooms, from the entrance down:

- the command: `__main__`, `command` (exit codes, signals), `options` (what is accepted) and `plan`
  (what came of it); `director` (the first process), `saboteur` (who kills), `view` (who tells);
- who is asked: `control` (register, update, schedule), in the words of `requests` and by the rules of
  `request_rules`, and `controller`, the process behind it; `events` (what happens);
- the tree's parts that come and go: `branches`, `heirs` (who begins when);
- the processes: `sources` (read an input) and `feeder` (keeps it), `queue_server` (the clock),
  `assets` (images), `compositor` and `mixer`, `sinks` (encoders and file), `ledger` (what has to
  outlive them). What they decide by: `stock` and `sessions` (what a feeder has); `queue_start`,
  `playlists` and `doors` (what comes in), `guardians`, `commands`, `deliveries` and `work` (what goes
  out), `queue_words`; `keeper` and `snapshot` (what outlives the ledger); `lanes`, `endings`;
- the network: `protocols` (inputs and outputs), `web` (the API over HTTP, and a page to look at).

What the processes do is decided and done in rooms that know no process. Those that decide are pure:
they are told the time and given items, and answer what goes out. From the ground up:

- words: `offsets` (time, ticks, where a track begins), `sets` (what goes in and out), `checkpoint`
  (what the ledger remembers);
- one half of a track: `half`, and on it `video_input` and `audio_input` (what is ready);
- one input: `tracks`; its commands in time: `schedule`;
- which set is due: `decision`, `video_queue`, `audio_queue`;
- all of it as one object for one process to own: `timeline`;
- what an output shows: `layout`, `scene` (words), `scene_rules`, `scene_json`; `easing` and
  `transition` (how it gets from one to the next), `arrange` (where things are), `flatten`;
- and against recorded scenarios: `vectors`, `scenario`, `replay_queue`, `replay_ticks`,
  `replay_media`, `replay_scene`, `replay`.

Those that handle media are plain objects, each for one process at a time:

- words: `pictures`, `inputs` (what a file holds), `complaints` (what is wrong, in one line);
- in: `media` (files) on `containers` and `file_reader`, `seek` (from a place on), `generated` (test
  pictures), `frames` (the border to FFmpeg), `apart` (any of them in an operating system's process
  of its own);
- between: `draw` (pixels), `sprites` (images and words), `compose`; `resample` (drift), `mix`;
- out: `encode`, `muxer` (a file that survives crashes), and to look into it `inspection`.

Where pictures and sound come from and go to besides files is in `protocols` (RTMP, RTP, HLS, SRT,
WebRTC, Python); what is served over HTTP, with a page to look at it, in `web`: see
`python3 -m examples smelter --serve`.

Nobody waits for a slow neighbour and nothing grows: whoever takes gives permission for more. In real
time the queue leaves out what finds no place; offline it waits.
"""
