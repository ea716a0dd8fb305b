"""A live video compositor: many inputs on one timeline, composed and mixed, in a tree that heals.

The rooms that decide are pure: they are told the time and given items, and answer what goes out.
From the ground up:

- words: `offsets` (time, ticks, where a track begins), `sets` (what goes in and out), `checkpoint`
  (what the ledger remembers);
- one half of a track: `half`, and on it `video_input` and `audio_input` (what is ready);
- one input: `tracks`; its commands in time: `schedule`;
- which set is due: `decision`, `video_queue`, `audio_queue`;
- all of it as one object for one process to own: `timeline`;
- and against recorded scenarios: `vectors`, `scenario`, `replay_queue`, `replay_ticks`, `replay`.
"""
