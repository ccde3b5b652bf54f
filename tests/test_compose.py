"""Dockerfile and docker-compose.yml by their contents: no Docker is needed, and none is asked where there is one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import KEY, ROOT

TEXT = (ROOT / "docker-compose.yml").read_text()
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
WITH_MODELS = ("worker-local", "worker-gpu")
OURS = ("web", "worker", "clock", "migrate", *WITH_MODELS)
ONE_SHOT = ("migrate",)
SECRET = re.compile(r"key|password|secret|token", re.IGNORECASE)
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:[-?])?([^}]*)\}")
GIVEN = {"SECRET_KEY": KEY, "POSTGRES_PASSWORD": "a1b2c3", "ALLOWED_HOSTS": "fit.example.org"}


def names_the_settings_read() -> set[str]:
    files = [*(ROOT / "config").glob("*.py"), ROOT / "pipeline/backends/openai_api.py"]
    read = re.compile(r"""(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)\"""")
    return {name for path in files for name in read.findall(path.read_text())}


def filled(value: Any, given: dict[str, str]) -> str:
    """As Compose would put the environment in; KeyError where a variable is asked for and missing."""

    def one(match: re.Match[str]) -> str:
        name, sign, rest = match.groups()
        return given.get(name) or (rest if sign == ":-" else given[name])

    return VARIABLE.sub(one, str(value))


def test_compose_file_fits_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, ROOT / "docker-compose.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_schema_refuses_a_misspelt_word(tmp_path: Path) -> None:
    (tmp_path / "wrong.yml").write_text(TEXT.replace("start_period: 30s", "startperiod: 30s"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, tmp_path / "wrong.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "startperiod" in done.stdout


def test_compose_has_every_process_of_the_product() -> None:
    assert set(SERVICES) == {*OURS, "postgres", "redis"}
    for name in OURS:
        assert SERVICES[name]["image"] == ("fitting-room:models" if name in WITH_MODELS else "fitting-room:local")


@pytest.mark.parametrize("name", SERVICES)
def test_compose_service_says_how_it_is_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert service["restart"] == "no"
        waits = [other["depends_on"].get(name) for other in SERVICES.values() if "depends_on" in other]
        assert {"condition": "service_completed_successfully"} in waits
    else:
        assert service["restart"] == "unless-stopped"
        assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])


@pytest.mark.parametrize("name", SERVICES)
def test_compose_service_waits_for_what_can_be_waited_for(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how == {"condition": wanted}


def test_compose_web_starts_without_redis() -> None:
    """Raters need the web process and the database, nothing else."""
    assert set(SERVICES["web"]["depends_on"]) == {"migrate", "postgres"}


def test_compose_images_are_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    own = {"fitting-room:local", "fitting-room:models", *re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE)}
    for image in images:
        assert image in own or re.fullmatch(r"[a-z]+:[0-9]+\.[0-9]+(\.[0-9]+)?-[a-z-]+", image), image


def test_compose_volumes_are_named_and_used() -> None:
    mounted = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert mounted == set(FILE["volumes"])


def test_compose_holds_no_secret() -> None:
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items() if "environment" in service else ():
            if SECRET.search(variable):
                assert VARIABLE.fullmatch(value), f"{name} has {variable} in the file"
            literal = VARIABLE.sub("", str(value))
            assert not re.search(r"://[^/@]*:[^/@]+@", literal), f"{name} has a password in {variable}"
    assert not re.search(r"^(ARG|ENV).*(KEY|PASSWORD|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", ["SECRET_KEY", "POSTGRES_PASSWORD"])
def test_compose_asks_for_what_has_no_default(name: str) -> None:
    found = {match for match in VARIABLE.findall(TEXT) if match[0] == name}
    assert {sign for _, sign, _ in found} == {":?"}
    assert all(message for _, _, message in found)


def test_compose_names_are_those_that_the_settings_read() -> None:
    known = names_the_settings_read()
    assert {"SECRET_KEY", "DATABASE_URL", "WEB_WORKERS", "OPENAI_API_KEY"} <= known
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known
    assert {name for name, _, _ in VARIABLE.findall(TEXT)} <= known | {"POSTGRES_PASSWORD"}


@pytest.mark.parametrize("name", ["web", "worker", "worker-local"])
def test_compose_environment_is_one_that_the_product_starts_with(name: str, tmp_path: Path) -> None:
    variables = {key: filled(value, GIVEN) for key, value in SERVICES[name]["environment"].items()}
    clean = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), "HTTPS": "1"}
    look = "from django.conf import settings as s; print(s.ALLOWED_HOSTS, s.DATABASES['default']['HOST'], s.DEMO)"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", look],
        cwd=ROOT,
        env=variables | clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["['fit.example.org', '127.0.0.1'] postgres False"], done.stderr


def test_compose_without_a_secret_is_refused() -> None:
    with pytest.raises(KeyError, match="SECRET_KEY"):
        filled(SERVICES["web"]["environment"]["SECRET_KEY"], {})


def test_compose_starts_local_models_only_when_asked_and_as_themselves() -> None:
    """Their image has torch, which no other has; they take their own queue, which no other takes."""
    assert {name: SERVICES[name]["profiles"] for name in WITH_MODELS} == {
        "worker-local": ["models"],
        "worker-gpu": ["gpu"],
    }
    for name, service in SERVICES.items():
        command = service.get("command", [])
        assert ("local" in command) == (name in WITH_MODELS)
        assert not isinstance(service.get("build"), dict) or service["build"]["target"] == "models"
    models, last = DOCKERFILE.split("\nFROM ")[-2:]
    assert models.startswith("ground AS models")
    assert "--from=packages-models" in models
    assert "models" not in last  # what is built where no target is named
    for path in re.findall(r"requirements/\S+\.txt", DOCKERFILE):
        assert f"!{path}" in (ROOT / ".dockerignore").read_text()


def test_dockerfile_gives_root_away_and_installs_by_hash() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "fitting"
    last = DOCKERFILE.rindex("\nUSER ")
    assert "\nRUN" not in DOCKERFILE[last:]


def test_image_holds_every_room_and_no_test_or_data() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert rooms <= allowed
    assert {"templates", "static", "manage.py", "requirements/base.txt"} <= allowed
    assert not allowed & {"tests", "var", ".git", ".venv", "docs"}
    for name in allowed:
        assert (ROOT / name).exists(), f".dockerignore names {name}, which is gone"


def test_compose_as_docker_reads_it() -> None:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    environment = GIVEN | {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}
    done = subprocess.run(
        [docker, "compose", "config", "-q"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
