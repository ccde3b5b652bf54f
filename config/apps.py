from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Installed for its command, `manage.py serve`; it has no models."""

    name = "config"
