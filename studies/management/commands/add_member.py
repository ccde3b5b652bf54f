"""Lets somebody into a study from the command line: how its first lead gets in, who then invites the others."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from studies.domain.errors import StudyError
from studies.domain.members import add_member
from studies.domain.users import create_user
from studies.enums import Role
from studies.models import Study, User


class Command(BaseCommand):
    help = "Make somebody a member of a study; a new name gets an account, its password asked for or read from stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, default=Role.LEAD.value)

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none yet; import_corpus makes one"
            raise CommandError(f"study {options['study']!r}: there is none of that name. Known studies: {known}.")
        user = User.objects.filter(username=options["username"]).first()
        password = "" if user else _password()
        try:
            with transaction.atomic():
                user = user or create_user(username=options["username"], password=password)
                add_member(study=study, user=user, role=options["role"])
        except StudyError as error:
            raise CommandError(f"{options['username']!r}: {error.message} Nothing was changed.") from error
        self.stdout.write(f"{user.username} is a {options['role']} of {study.slug}. They log in at /login/.")


def _password() -> str:
    if sys.stdin.isatty():
        return getpass("Password for the new account: ")
    return sys.stdin.readline().rstrip("\n")
