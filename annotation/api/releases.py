"""Releases: what there is, what each changed, and asking for a new one."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.paging import Pages
from annotation.api.serializers import (
    OneReleaseSerializer,
    ProblemSerializer,
    ReleaseJobSerializer,
    ReleaseSerializer,
    ReleaseWishSerializer,
)
from annotation.domain.describing import described_of
from annotation.domain.releasing import demographics_of_last
from annotation.models import Release, ReleaseJob
from annotation.releases.blanks import refuse_blanks
from annotation.releases.cells import chosen_fields
from annotation.releases.versions import free_version
from annotation.tasks import ask_for_release
from studies.http import actor_of
from studies.permissions import LEADS, LOOKS, study_for


class Releases(ListAPIView[Release]):
    """The releases of a study, newest first. POST asks for a new one, which a worker makes."""

    serializer_class = ReleaseSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Release]:
        releases = study_for(self.request.user, self.kwargs["study"], *LOOKS).releases
        return releases.select_related("previous", "study").order_by("-created_at", "-pk")

    @extend_schema(
        request=ReleaseWishSerializer,
        responses={202: ReleaseJobSerializer, 400: ProblemSerializer, 409: ProblemSerializer},
    )
    def post(self, request: Request, study: str) -> Response:
        """For leads. Asking again gives the job that is open; 409 where that is not what is asked for."""
        found = study_for(request.user, study, *LEADS)
        wish = ReleaseWishSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        version = free_version(found, wish.validated_data["version"])
        if wish.validated_data["final"]:
            refuse_blanks(described_of(found))
        chosen = wish.validated_data["demographics"]
        job = ask_for_release(
            study=found,
            actor=actor_of(request),
            final=wish.validated_data["final"],
            version=version,
            demographics=demographics_of_last(found) if chosen is None else chosen_fields(found, chosen),
        )
        job.refresh_from_db()
        return Response(ReleaseJobSerializer(job).data, status=202)


class OneRelease(GenericAPIView[Release]):
    """One release, with its changes and its manifest; also of one that was withdrawn."""

    serializer_class = OneReleaseSerializer

    def get(self, request: Request, study: str, release: str) -> Response:
        releases = study_for(request.user, study, *LOOKS).releases.select_related("previous", "study")
        return Response(OneReleaseSerializer(get_object_or_404(releases, public_id=release)).data)


class LastJob(GenericAPIView[ReleaseJob]):
    """The last release that was asked for: how far it is, and what came of it."""

    serializer_class = ReleaseJobSerializer

    def get(self, request: Request, study: str) -> Response:
        job = study_for(request.user, study, *LOOKS).release_jobs.select_related("release").order_by("-pk").first()
        if job is None:
            raise Http404("No release was asked for yet.")
        return Response(ReleaseJobSerializer(job).data)
