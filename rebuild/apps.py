from django.apps import AppConfig


class RebuildConfig(AppConfig):
    """Installed for its commands; it has no models."""

    name = "rebuild"
