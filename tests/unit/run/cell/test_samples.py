from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError
from bench.judge.cell import figures
from bench.judge.cell.metrics import BY_NAME
from bench.model.cell import Measurement, Neighbour, Window
from bench.model.wrong_answer import WrongAnswer
from bench.run.cell.samples import join_samples, neighbours, read_wrong_answers
from bench.run.host.cores import CoreTimes, ProcessTime
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import Use
from bench.run.testbed.readings import Reading, Resident
from loadtests.engine.recording import WRONG_BODY, Recorder
from loadtests.engine.wrong_answers import WrongAnswers
from tests.unit.builders import ONE_CORE
from tests.unit.run.host.processes import Member, tree

OTHER = Use(0.5, 0.25)


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """The file of a load generator that sent nothing."""
    Recorder().write(tmp_path / "requests.npz")
    return tmp_path / "requests.npz"


def use(user_s: float, count: int = 1) -> Use:
    return Use(user_s, 0.25, 400 * count, 300 * count, 900 * count, 200 * count, 3 * count, 50 * count)


def test_each_moment_has_a_row_for_each_role_and_the_servers_are_the_first_roles(requests: Path) -> None:
    readings = [
        Reading(t_s, {"upstream": OTHER, "head": use(4.0, 2), "base": use(1.75)}, t_s + 0.25, CoreTimes(0.5, 7.0), None)
        for t_s in (1.0, 2.0)
    ]
    samples = join_samples([requests], readings, [], ["base", "head"], {})
    assert samples.roles == ("base", "head", "upstream")
    assert samples.role.tolist() == [0, 0, 1, 1, 2, 2]
    assert samples.t_s.tolist() == [1.0, 2.0] * 3
    assert samples.cpu_user_s.tolist() == [1.75, 1.75, 4.0, 4.0, 0.5, 0.5]
    assert samples.cpu_system_s.tolist() == [0.25] * 6
    assert samples.pss_bytes.tolist() == [400, 400, 800, 800, -1, -1]
    assert samples.anon_bytes.tolist() == [300, 300, 600, 600, -1, -1]
    assert samples.rss_bytes.tolist() == [900, 900, 1800, 1800, -1, -1]
    assert samples.uss_bytes.tolist() == [200, 200, 400, 400, -1, -1]
    assert samples.threads.tolist() == [3, 3, 6, 6, -1, -1]
    assert samples.switches.tolist() == [50, 50, 100, 100, -1, -1]
    assert samples.cores_t_s.tolist() == [1.25, 2.25]
    assert samples.server_steal_s.tolist() == [0.5, 0.5]
    assert samples.server_idle_s.tolist() == [7.0, 7.0]
    assert np.isnan(samples.load_steal_s).all()
    assert np.isnan(samples.load_idle_s).all()


def test_the_rss_between_readings_has_a_row_for_each_moment_and_server(requests: Path) -> None:
    readings = [Reading(1.0, {"upstream": OTHER, "head": use(4.0), "base": use(1.75)}, 1.0, None, None)]
    residents = [Resident(t_s, {"base": 10, "head": 20 + int(t_s)}) for t_s in (1.5, 2.5)]
    samples = join_samples([requests], readings, residents, ["base", "head"], {})
    assert samples.resident_t_s.tolist() == [1.5, 1.5, 2.5, 2.5]
    assert samples.resident_role.tolist() == [0, 1, 0, 1]
    assert samples.resident_bytes.tolist() == [10, 21, 10, 22]
    head = figures.of_server(samples, 1)
    assert head.resident_bytes[head.resident_role == 0].tolist() == [21, 22]


def test_each_server_of_an_ab_is_judged_by_its_own_rows(requests: Path) -> None:
    readings = [
        Reading(t_s, {"base": use(1.75), "head": use(4.0), "upstream": OTHER}, 1.0, None, None) for t_s in (1.0, 2.0)
    ]
    samples = join_samples([requests], readings, [], ["base", "head"], {})
    for number, user_s in ((0, 1.75), (1, 4.0)):
        own = figures.of_server(samples, number)
        assert own.cpu_user_s[figures.reading_of(own, own.roles[0])].tolist() == [user_s, user_s]


def test_a_role_that_the_idle_reading_lacks_has_rows_of_the_later_readings_only(requests: Path) -> None:
    idle = Reading(1.0, {"server": use(1.0)}, 1.0, None, None)
    later = [
        replace(idle, t_s=t_s, cores_t_s=t_s, uses={"server": use(2.0), "generator": Use(t_s, 0.0)})
        for t_s in (2.0, 3.0, 4.0)
    ]
    samples = join_samples([requests], [idle, *later], [], ["server"], {})
    assert samples.roles == ("server", "generator")
    assert samples.role.tolist() == [0] * 4 + [1] * 3
    own = figures.reading_of(samples, "generator")
    assert samples.t_s[own].tolist() == samples.cpu_user_s[own].tolist() == [2.0, 3.0, 4.0]
    assert figures.cpu(samples, Window(0.0, 2.0, 4.0), ONE_CORE).generator_cores == 1.0


def test_the_requests_are_those_of_the_load_generator(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.measurement, recorder.slice = 1, 4
    recorder.add(1.0, 1.5, 2.0, 200, 40, True)
    recorder.add_beat(1.0, 0.25)
    recorder.write(tmp_path / "requests.npz")
    samples = join_samples(
        [tmp_path / "requests.npz"], [Reading(1.0, {"server": use(1.0)}, 1.0, None, None)], [], ["server"], {}
    )
    assert (samples.scheduled_s.tolist(), samples.sent_s.tolist(), samples.done_s.tolist()) == ([1.0], [1.5], [2.0])
    assert (samples.status.tolist(), samples.bytes.tolist(), samples.new_connection.tolist()) == ([200], [40], [1])
    assert (samples.measurement.tolist(), samples.slice.tolist(), samples.route.tolist()) == ([1], [4], [0])
    assert (samples.beat_s.tolist(), samples.beat_late_s.tolist()) == ([1.0], [0.25])


@pytest.mark.usefixtures("elsewhere")
def test_without_pss_a_cell_has_none_and_its_memory_is_uss(requests: Path) -> None:
    one = tree(Member(3))
    readings = [Reading(float(number), {"server": one.use()}, 1.0, None, None) for number in range(4)]
    found = figures.memory(join_samples([requests], readings, [], ["server"], {}), Window(0.0, 0.5, 3.0))
    assert (found.idle.pss_bytes, found.median.pss_bytes, found.peak.pss_bytes) == (None, None, None)
    assert BY_NAME["memory"].read(Measurement("ok", memory=found)) == 300


def test_the_error_for_a_file_that_the_load_generator_left_damaged_says_so(requests: Path) -> None:
    for damage in (requests.unlink, lambda: requests.write_bytes(b"PK\x03\x04 nonsense"), lambda: np.savez(requests)):
        damage()
        with pytest.raises(BenchError, match="the load generator left no samples that can be read"):
            join_samples([requests], [], [], ["server"], {})


def test_the_columns_of_the_looks_are_taken_over(requests: Path) -> None:
    seen = {"look_t_s": np.array([1.0, 2.0]), "look_unaccepted": np.array([3, 4])}
    samples = join_samples([requests], [Reading(1.0, {"server": use(1.0)}, 1.0, None, None)], [], ["server"], seen)
    assert (samples.look_t_s.tolist(), samples.look_unaccepted.tolist()) == ([1.0, 2.0], [3, 4])
    assert samples.calls == ()


def test_the_heaviest_other_processes_of_either_side_are_kept() -> None:
    first = {7: ProcessTime("old", 5.0, 0), 8: ProcessTime("lazy", 1.0, 1)}
    last = {7: ProcessTime("old", 6.0, 0), 8: ProcessTime("lazy", 1.5, 1), 9: ProcessTime("new", 2.0, 1)}
    last[10] = ProcessTime("third on its side", 0.25, 1)
    assert neighbours([first, {}, last], CpuSets((1,), (0,))) == (
        Neighbour("new", 9, 2.0, on_server=True),
        Neighbour("lazy", 8, 0.5, on_server=True),
        Neighbour("old", 7, 1.0, on_server=False),
    )
    assert neighbours([first], CpuSets((1,), (0,))) == ()


HEAD = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\n"


def test_each_server_has_the_wrong_answers_that_the_load_generator_kept_of_it(tmp_path: Path) -> None:
    wrong, file = WrongAnswers(), tmp_path / "requests.json"
    wrong.keep(1, -502, 502, HEAD, b"oops", "status 200")
    wrong.keep(1, WRONG_BODY, 200, HEAD.replace(b"502", b"200"), b"oops", "a body")
    wrong.write(file)
    busy = WrongAnswer("status 502", 502, ("Content-Length: 4",), "oops", 4, "status 200")
    assert read_wrong_answers(file, 2) == [(), (busy, replace(busy, error="wrong body", status=200, expected="a body"))]


def test_a_load_without_a_wrong_answer_leaves_none(tmp_path: Path) -> None:
    WrongAnswers().write(tmp_path / "requests.json")
    assert read_wrong_answers(tmp_path / "requests.json", 1) == [()]


@pytest.mark.parametrize("text", [None, "{", '[{"code": 1}]', "[1]", '[{"measurement": 0, "code": -5, "headers": []}]'])
def test_the_error_for_wrong_answers_that_cannot_be_read_says_so(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "requests.json").write_text(text)
    with pytest.raises(BenchError, match="the load generator left no wrong answers that can be read"):
        read_wrong_answers(tmp_path / "requests.json", 1)
