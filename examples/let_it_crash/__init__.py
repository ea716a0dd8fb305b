"""Crashes, restarts and giving up, to be watched: live on a terminal, as a script elsewhere.

* `script`: three small trees and what becomes of them, as a plain log. Read it first.
* `factory`: the tree of the live form, and what its workers can be made to do.
* `board`: what is known of it, and how that looks.
* `live`: the processes that listen, press keys and draw.
"""
