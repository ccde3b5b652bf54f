"""Numbers from frames. No Django, no database: everything here reads a release or a frame of its schema."""
