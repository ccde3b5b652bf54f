"""The report: one HTML file that needs nothing but itself, and its tables as CSV and Markdown beside it.

Nothing of when or where it was made is in it: two reports of one release are the same bytes.
"""

from __future__ import annotations

from analysis.report.build import Report, build_report, write_report

__all__ = ["Report", "build_report", "write_report"]
