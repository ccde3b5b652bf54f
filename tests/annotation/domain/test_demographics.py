from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.demographics import DemographicsRefused, import_demographics
from annotation.domain.recruiting.ids import participant_hash
from annotation.domain.withdrawing import withdraw_rater
from annotation.models import Demographic, Participant, Rater
from studies.models import AuditEvent, Study
from tests import factories


def rater_of(study: Study) -> Rater:
    return factories.make_rater(factories.make_campaign(study, n_items=1))


def told(rater: Rater) -> dict[str, str | None]:
    return dict(Demographic.objects.filter(participant=rater.participant_id).values_list("field", "value"))


def test_values_are_stored_and_replaced_by_what_came_last(study: Study) -> None:
    rater, other = rater_of(study), rater_of(study)
    one, two = rater.participant.pseudonym, other.participant.pseudonym
    table = f"\ufeffpseudonym,Age,Sex\r\n{one},41,Female\r\n{two},,DATA_EXPIRED\r\n".encode()
    assert import_demographics(study=study, content=table, file="a.csv").values == 2
    again = import_demographics(study=study, content=f"Age,Pseudonym\n42,{one}\n".encode(), file="b.csv")
    assert (again.participants, again.values, again.changed) == (1, 1, 1)
    assert told(rater) == {"Age": "42", "Sex": "Female"}
    assert told(other) == {}
    assert AuditEvent.objects.filter(verb="import_demographics").count() == 2


def test_recruiters_ids_find_their_participants(study: Study) -> None:
    rater = rater_of(study)
    found_by = participant_hash(study, "prolific", "5f0c")
    Participant.objects.filter(pk=rater.participant_id).update(recruiter="prolific", recruiter_id_hash=found_by)
    import_demographics(study=study, content=b"Participant id,Sex\n5f0c,Male\n", file="a.csv")
    assert told(rater) == {"Sex": "Male"}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("", "a.csv: the file is empty"),
        ("name,sex\nx,y\n", "a.csv:1: the columns are ['name', 'sex']; one of them must be 'pseudonym'"),
        ("pseudonym,sex,Sex\n", "a.csv:1: the columns ['pseudonym', 'sex', 'Sex'] repeat a name"),
        ("pseudonym,\n", "a.csv:1: the column name '' must have 1 to 64 characters"),
        ("pseudonym,sex\n{known},a,b\n", "a.csv:2: has 3 cells, not 2"),
        ("pseudonym,sex\n{known},a\n\nnobody,b\n", "a.csv:4: pseudonym: nobody in the study is 'nobody'"),
        ("pseudonym,sex\n{known},a\n{known},b\n", "stands in line 2 too"),
        ("pseudonym,sex\n{known}," + "x" * 201, "a.csv:2: sex: 'xxx"),
    ],
)
def test_bad_tables_are_refused_whole(study: Study, table: str, problem: str) -> None:
    rater = rater_of(study)
    content = table.replace("{known}", rater.participant.pseudonym).encode()
    with pytest.raises(DemographicsRefused) as refused:
        import_demographics(study=study, content=content, file="a.csv")
    assert problem in refused.value.message
    assert not Demographic.objects.exists()


def test_bytes_that_are_no_text_are_refused(study: Study) -> None:
    with pytest.raises(DemographicsRefused, match="byte 10 is not UTF-8"):
        import_demographics(study=study, content=b"pseudonym,\xff\n", file="a.csv")


def test_an_erasure_takes_them_along_for_good(study: Study) -> None:
    rater = rater_of(study)
    table = f"pseudonym,sex\n{rater.participant.pseudonym},female\n".encode()
    import_demographics(study=study, content=table, file="a.csv")
    assert withdraw_rater(rater=rater, erase=True).erased_demographics == 1
    assert told(rater) == {}
    with pytest.raises(DemographicsRefused, match=r"a\.csv:2: pseudonym: .* had their traces erased"):
        import_demographics(study=study, content=table, file="a.csv")


def test_leaving_without_erasure_keeps_them(study: Study) -> None:
    rater = rater_of(study)
    Demographic.objects.create(participant=rater.participant, field="sex", value="female")
    assert withdraw_rater(rater=rater, erase=False).erased_demographics == 0
    assert told(rater) == {"sex": "female"}


def test_command_says_what_it_stored_and_why_not(study: Study, tmp_path: Path) -> None:
    rater, out = rater_of(study), StringIO()
    path = tmp_path / "a.csv"
    path.write_text(f"pseudonym,sex,age\n{rater.participant.pseudonym},female,41\n")
    call_command("import_demographics", "figs", path, stdout=out)
    assert out.getvalue() == "figs: 2 values of 1 raters.\n"
    path.write_text("pseudonym,sex\nnobody,female\n")
    with pytest.raises(CommandError, match="nobody in the study is 'nobody'"):
        call_command("import_demographics", "figs", path)
    with pytest.raises(CommandError, match="there is no study 'x'; the studies are: figs"):
        call_command("import_demographics", "x", path)
