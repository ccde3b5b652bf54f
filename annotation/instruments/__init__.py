"""The instruments, by name. A new one is a file here and a line below."""

from __future__ import annotations

from annotation.instruments.attribute_quality import AttributeQuality
from annotation.instruments.base import Instrument, Material
from annotation.instruments.preference import Preference
from annotation.instruments.relevance import Relevance
from pipeline.enums import InstrumentName

INSTRUMENTS: dict[str, Instrument] = {
    InstrumentName.ATTRIBUTE_QUALITY: AttributeQuality(),
    InstrumentName.RELEVANCE: Relevance(),
    InstrumentName.PREFERENCE: Preference(),
}

__all__ = ["INSTRUMENTS", "Instrument", "Material"]
