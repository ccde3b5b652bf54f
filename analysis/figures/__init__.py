"""Pictures of data as SVG: direct labels, intervals always drawn, alt text, a mark where no people are behind it."""
