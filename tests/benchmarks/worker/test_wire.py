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
