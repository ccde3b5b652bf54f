"""Numbers from frames. No Django, no database: everything here reads a release or a frame of its schema."""

import os

# polars' allocator gives back what is freed at once, instead of keeping it for later: a report of a million judgments
# then needs 0.5 GB less, and no more time. It is read when polars is loaded, so it stands before all of its imports.
# Set whatever stood there: polars writes its own choice there, and a process in which it was loaded hands that on.
os.environ["_RJEM_MALLOC_CONF"] = "dirty_decay_ms:0,muzzy_decay_ms:0"
