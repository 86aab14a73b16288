import subprocess
import sys

import pytest

from bench.run.host.owner import TOGETHER, Owner, owner_in, this_process


def test_the_text_of_an_owner_names_it_within_any_other_text() -> None:
    mine = this_process()
    assert owner_in(f"bench-{mine}-abc") == owner_in(f"{mine}.ffff") == mine
    assert owner_in("bench-abc") is None


def test_this_process_is_alive_and_ours() -> None:
    mine = this_process()
    assert (mine.alive, mine.ended, mine.ours) == (True, False, True)


@pytest.mark.parametrize("reaped", [False, True])
def test_a_process_that_was_killed_has_ended_even_before_its_parent_asks(*, reaped: bool) -> None:
    code = "from bench.run.host.owner import this_process; print(this_process(), flush=True); input()"
    with subprocess.Popen((sys.executable, "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        found = owner_in(child.stdout.readline().decode())
        assert found is not None
        assert (found.alive, found.ended) == (True, False)
        child.kill()
        if reaped:
            child.wait()
        else:
            while found.alive:  # a zombie from now on
                pass
        assert (found.alive, found.ended) == (False, True)


def test_another_process_with_the_same_number_is_not_the_owner() -> None:
    mine = this_process()
    before = Owner(mine.pid, mine.started - 1, mine.place, mine.party)
    assert (before.alive, before.ended) == (False, True)


def test_of_a_number_from_another_boot_or_container_nothing_is_known() -> None:
    mine = this_process()
    elsewhere = Owner(mine.pid, mine.started, "0" * 8, mine.party)
    assert (elsewhere.alive, elsewhere.ended) == (False, False)


def test_harnesses_are_ours_if_they_measure_together(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = this_process()
    monkeypatch.setenv(TOGETHER, "another value")
    assert not mine.ours
    assert mine.alive
    assert this_process().ours


def test_elsewhere_than_on_linux_the_start_time_is_known_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert this_process().alive
