"""The code's own version, recorded on runs (never part of a request's key)."""

VERSION = "0.1.0"
