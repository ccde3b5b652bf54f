"""`python -m benchmarks.bench_report`: where the time of a report goes, at the study's size: tables, pictures, files.

Processor seconds of this process (its threads included), so that a busy machine changes little.
"""

from __future__ import annotations

from time import process_time

from analysis.markup import csv_text, markdown_text
from analysis.report.page import page_of
from analysis.report.sections import SECTIONS
from analysis.tables import BUILDERS, Context, context_of
from benchmarks.analysis_material import invented


def main() -> None:
    begun = process_time()
    context = context_of(invented())
    print(f"{context.long.height:,} answers, read in {process_time() - begun:.2f} s\n")
    print("| what | s |\n|---|--:|")
    tables = {name: _table(context, name) for name in BUILDERS}
    for name, seconds in sorted(tables.items(), key=lambda found: -found[1]):
        if seconds >= 0.1:
            print(f"| table {name} | {seconds:.2f} |")
    print(f"| all {len(tables)} tables | {sum(tables.values()):.2f} |")
    begun = process_time()
    page = page_of(context, [section(context) for section in SECTIONS])
    print(f"| pictures, sentences and page ({len(page) / 1e6:.1f} MB) | {process_time() - begun:.2f} |")
    begun = process_time()
    for name in BUILDERS:
        csv_text(context[name])
        markdown_text(context[name])
    print(f"| CSV and Markdown | {process_time() - begun:.2f} |")


def _table(context: Context, name: str) -> float:
    begun = process_time()
    context[name]  # made at the first asking
    return process_time() - begun


if __name__ == "__main__":
    main()
