"""The server as its clients meet it: a process, the real client, HTTP as it comes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import openai
import pytest

from pipeline.sources.world import World
from pipeline.sources.world.answers import embedding, model_answer
from pipeline.sources.world.characters import CHARACTERS, EMBEDDINGS
from tests.pipeline.sources.world.serving import ROOT, world_server


@pytest.fixture(scope="module")
def address(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with world_server(small_world, tmp_path_factory.mktemp("world")) as url:
        yield url


@pytest.fixture(scope="module")
def client(address: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=address, api_key="none", max_retries=0, timeout=20)


def question(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def counts(address: str) -> dict[str, Any]:
    with urlopen(f"{address.removesuffix('/v1')}/counts", timeout=10) as reply:
        return dict(json.load(reply))


def raw(address: str, data: bytes, pieces: int = 1) -> bytes:
    """What comes back on a connection of its own until the server closes it."""
    host, port = address.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def test_server_lists_its_models(client: openai.OpenAI) -> None:
    assert {model.id for model in client.models.list()} == {*CHARACTERS, EMBEDDINGS}


@pytest.mark.parametrize("model", CHARACTERS)
def test_server_answers_as_the_world_does_with_usage(client: openai.OpenAI, small_world: World, model: str) -> None:
    text = small_world.prompts[0].text
    reply = client.chat.completions.create(model=model, messages=question(text))
    assert reply.choices[0].message.content == model_answer(small_world, model, question(text))
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 20


def test_server_cuts_an_answer_at_max_tokens(client: openai.OpenAI, small_world: World) -> None:
    reply = client.chat.completions.create(
        model="world-gpt", messages=question(small_world.prompts[0].text), max_tokens=5
    )
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage
    assert reply.usage.completion_tokens == 5


def test_server_gives_embeddings_as_numbers_and_packed(client: openai.OpenAI, small_world: World) -> None:
    texts = ["Eats vegan.", "Plays the cello."]
    for extra in ({}, {"encoding_format": "float"}):
        reply = client.embeddings.create(model=EMBEDDINGS, input=texts, **extra)  # type: ignore[arg-type]
        for row, text in zip(reply.data, texts, strict=True):
            assert row.embedding == pytest.approx(embedding(small_world, text), abs=1e-6)


def test_server_counts_requests_by_body(client: openai.OpenAI, address: str) -> None:
    before = counts(address)
    for _ in range(3):
        client.chat.completions.create(model="world-gpt", messages=question("Counted three times?"))
    client.chat.completions.create(model="world-gpt", messages=question("Counted once?"))
    after = counts(address)
    assert after["requests"] == before["requests"] + 4
    assert after["distinct"] == before["distinct"] + 2
    new = {digest: count for digest, count in after["counts"].items() if digest not in before["counts"]}
    assert sorted(new.values()) == [1, 3]
    assert after["most"] >= 3


def test_server_refuses_in_the_protocols_form(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="world-claude"):
        client.chat.completions.create(model="gpt-2", messages=question("Hello"))
    with pytest.raises(openai.NotFoundError, match=EMBEDDINGS):
        client.embeddings.create(model="gpt-2", input="Hello")
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="world-gpt", messages="Hello")  # type: ignore[arg-type]
    with pytest.raises(openai.BadRequestError, match="role user"):
        client.chat.completions.create(model="world-gpt", messages=[{"role": "assistant", "content": "Hello"}])
    with pytest.raises(openai.BadRequestError, match="empty"):
        client.embeddings.create(model=EMBEDDINGS, input=[""])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /v1/nothing HTTP/1.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"DELETE /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n", b"405"),
        (b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{]}", b"400"),
        (b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]", b"400"),
        (b"POST /v1/embeddings HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"413"),
        (b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"GET /" + b"x" * 70_000, b"413"),
    ],
)
def test_server_refuses_what_it_cannot_read(address: str, data: bytes, status: bytes) -> None:
    assert raw(address, data).startswith(b"HTTP/1.1 " + status)


def test_server_takes_requests_in_pieces_and_several_at_once(address: str) -> None:
    one = b"GET /v1/models HTTP/1.1\r\n\r\n"
    last = b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert raw(address, one + one + last).count(b"HTTP/1.1 200 OK") == 3
    assert raw(address, one + last, pieces=20).count(b"HTTP/1.1 200 OK") == 2


def test_server_answers_many_clients_at_once(client: openai.OpenAI, small_world: World) -> None:
    def said(number: int) -> str | None:
        text = f"{small_world.prompts[0].text} {number % 10}"
        return client.chat.completions.create(model="world-gpt", messages=question(text)).choices[0].message.content

    with ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(said, range(200)))
    assert all(texts)
    assert [texts[number] for number in range(10)] * 20 == texts


def test_server_of_a_folder_without_a_world_says_so(tmp_path: Any) -> None:
    command = [sys.executable, "-m", "pipeline.sources.world.server", str(tmp_path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=30)
    assert ended.returncode != 0
    assert "no world was written here" in ended.stderr
