"""Messages arrive whole and in order however the pipe cuts them."""

import json
import os
import threading
from collections.abc import Iterator

import pytest

from linregbench.benchmarks.worker import wire

MESSAGES = [{"ask": "prepare"}, {"reason": "naïve \n text"}, {}, {"samples_s": [1e-3, 2.5]}]
BYTES = "".join(json.dumps(message) + "\n" for message in MESSAGES).encode()


class Pipe:
    """A pipe whose ends can be closed once and for all."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.reader = wire.Reader(self.read_end)

    def write(self, data: bytes) -> None:
        os.write(self.write_end, data)

    def finish(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.finish()
    os.close(pipe.read_end)


@pytest.mark.parametrize("size", [1, 2, 7, len(BYTES)])
def test_available_gives_what_is_complete_and_keeps_the_rest(pipe: Pipe, size: int) -> None:
    arrived = []
    for start in range(0, len(BYTES), size):
        pipe.write(BYTES[start : start + size])
        arrived += pipe.reader.available()
        assert len(arrived) == BYTES[: start + size].count(b"\n")
    assert arrived == MESSAGES
    assert not pipe.reader.closed


def test_receive_waits_for_a_whole_message(pipe: Pipe) -> None:
    pipe.write(BYTES[:5])
    late = threading.Timer(0.05, pipe.write, [BYTES[5:]])
    late.start()
    assert [pipe.reader.receive() for _ in MESSAGES] == MESSAGES
    late.join()


def test_the_end_is_an_empty_message_after_the_others(pipe: Pipe) -> None:
    pipe.write(BYTES + b'{"torn": ')
    pipe.finish()
    assert [pipe.reader.receive() for _ in MESSAGES] == MESSAGES
    assert pipe.reader.receive() == {}
    assert pipe.reader.closed


def test_available_notices_the_end(pipe: Pipe) -> None:
    pipe.finish()
    assert pipe.reader.available() == []
    assert pipe.reader.closed


def test_a_message_larger_than_the_pipe_is_sent_whole(pipe: Pipe) -> None:
    large = {"said": "x" * 2**20}
    writer = threading.Thread(target=wire.write, args=(pipe.write_end, large))
    writer.start()
    assert pipe.reader.receive() == large
    writer.join()


@pytest.mark.parametrize(
    "line",
    [
        *(b"garbage", b"", b"[1]", b"1", b"null", b"\xff", b"\0", b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1e999}'),
        *(b"[" * 99_999, b'{"a": ' + b"9" * 5000 + b"}", b'{"a": 1} {"b": 2}'),
    ],
    ids=lambda line: str(line[:12]),
)
def test_what_is_no_object_of_finite_numbers_is_garbled(pipe: Pipe, line: bytes) -> None:
    writer = threading.Thread(target=pipe.write, args=(line + b"\n",))
    writer.start()
    with pytest.raises(wire.GarbledError, match="no JSON object"):
        pipe.reader.receive()
    writer.join()


def test_a_line_without_end_is_not_kept(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", 100)
    pipe.write(b"x" * 101)
    with pytest.raises(wire.GarbledError, match="a line of more than 100 bytes"):
        pipe.reader.available()


def test_nothing_is_available_where_nobody_waits(pipe: Pipe) -> None:
    os.set_blocking(pipe.read_end, False)
    assert pipe.reader.available() == []
    assert not pipe.reader.closed
