"""A release in the forms that other tools read, by name. A new form is a file here and a line below."""

from __future__ import annotations

from annotation.releases.exports.base import Export
from annotation.releases.exports.crowd_kit import CROWD_KIT
from annotation.releases.exports.label_studio import LABEL_STUDIO
from annotation.releases.exports.tables_csv import CSV
from annotation.releases.exports.trl import TRL

EXPORTS: dict[str, Export] = {"crowd-kit": CROWD_KIT, "trl": TRL, "label-studio": LABEL_STUDIO, "csv": CSV}
