"""The API is as it says it is: whatever is asked, nothing breaks, and answers are as documented."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import positive_data_acceptance

from minenetcd.web.serving.problems import Problem
from web.serving.servers import SCRIPT, Server

#: Of each address, as documented and otherwise.
FEW, MANY = 4, 25
#: Whose bytes must be an image, and whose two dates must differ, which no schema can say.
SAYS_LESS = ("/api/uploads", "/api/jobs")


@pytest.mark.parametrize(
    "examples",
    [pytest.param(FEW, marks=pytest.mark.slow), pytest.param(MANY, marks=pytest.mark.long)],  # hundreds of requests
)
def test_whatever_is_asked_is_answered_as_documented(server: Server, examples: int) -> None:
    api = from_dict(server.json("/openapi.json"))
    count = 0
    for found in api.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
                try_out(operation.as_strategy(generation_mode=mode), server, examples)
        count += 1
    assert count == len(list(operations(server)))


def try_out(cases: SearchStrategy[schemathesis.Case], server: Server, examples: int) -> None:
    """Cases of one address, as documented or not, and every check that the library has."""

    @given(case=cases)
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def asked(case: schemathesis.Case) -> None:
        excluded = [positive_data_acceptance] if case.path in SAYS_LESS else []
        case.call_and_validate(base_url=server.url, headers=SCRIPT, excluded_checks=excluded)

    asked()


def operations(server: Server) -> Iterator[tuple[str, dict]]:
    for path, methods in server.json("/openapi.json")["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_answer_and_every_error_is_described(server: Server) -> None:
    for name, operation in operations(server):
        assert operation["summary"] and operation["tags"], name
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                ref = answer["content"]["application/json"]["schema"]["$ref"]
                assert ref.endswith(Problem.__name__), (name, status)
        assert {"401", "403", "421", "422"} <= set(operation["responses"]), name


def test_the_page_of_the_api_has_all_of_it_and_fetches_nothing(server: Server) -> None:
    page = server.get("/docs").text
    for name, _ in operations(server):
        assert f"<code>{name}</code>" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
