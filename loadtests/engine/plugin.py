"""Users of any locustfile, as their author wrote them: their requests are recorded through Locust's request event."""

import errno
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

import gevent

from loadtests.engine.plan import LoadPlan
from loadtests.engine.recording import FAILED, LOST, NO_CONNECTION, NO_PORT, NOT_SENT, TIMED_OUT, Recorder
from loadtests.engine.session import Runner
from loadtests.engine.told import tell
from loadtests.engine.window import WindowSession
from loadtests.engine.wrong_answers import WrongAnswers, readable

ON_START_S = 60.0
"""Users that have not left on_start after so long never will."""

STOP_S = 1.0
"""When the load ends, a user may finish the task that it is in: the timeout of a request and so much more."""

POLL_S = 0.05

MOST_ROUTES = 100
OTHERS = "(others)"
"""The request that stands for all whose name is none of the first MOST_ROUTES."""

STEP_S = 0.002
DRIFT = 0.001
"""The wall clock was set where it moved against the monotonic one by more than this: NTP adjusts it by 0.05 %."""

NO_STATUS = 1
"""The status of a right answer of a protocol that has none."""

STATUSES = range(100, 1000)
LARGEST_BYTES = 2**31 - 1
LONGEST = 200
"""Characters of a name, and of what an exception says."""

EXCEPTIONS = 3
"""So many kinds of exceptions are named."""


class WallClock:
    """The wall clock against the monotonic one. `set_s`: when it was set last, as far as it was seen, monotonic."""

    def __init__(self) -> None:
        self.began_s = self._seen_s = time.monotonic()
        self._ahead_s = time.time() - self._seen_s
        self.set_s = -math.inf

    def start_s(self, wall_s: object, took_s: float) -> float:
        """When a request began, in monotonic seconds, whose end has just been told.

        `wall_s`: when it began by its client, which stamps it by the wall clock. Where that clock was set meanwhile, or
        the client stamped something else, it ended just now.
        """
        now_s = time.monotonic()
        ahead_s = time.time() - now_s
        if abs(ahead_s - self._ahead_s) > STEP_S + DRIFT * (now_s - self._seen_s):
            self.set_s = now_s
        self._seen_s, self._ahead_s = now_s, ahead_s
        if isinstance(wall_s, int | float) and now_s - took_s > self.set_s:
            start_s = wall_s - ahead_s
            if self.began_s <= start_s and start_s + took_s <= now_s + STEP_S:
                return start_s
        return now_s - took_s


class Listener:
    """Records each request that Locust's event tells, and what users raise. `routes`: their numbers by name."""

    def __init__(self, recorder: Recorder, wrong_answers: WrongAnswers, timeout_s: float) -> None:
        self._recorder = recorder
        self._timeout_s = timeout_s
        self._wrong_answers = wrong_answers
        self._clock = WallClock()
        self.routes: dict[str, int] = {}
        self.untimed: Counter[str] = Counter()

    def request(
        self,
        request_type: object = "",
        name: object = "",
        response_time: object = None,
        response_length: object = 0,
        response: Any = None,
        exception: object = None,
        start_time: object = None,
        **_: object,
    ) -> None:
        """Record a request, times in milliseconds; one without a response time is only counted.

        An answer that took longer than the scenario's timeout came too late.
        """
        number = self._route(_readable(f"{request_type} {name}"))
        if not isinstance(response_time, int | float) or not 0 <= response_time < math.inf:
            self.untimed[list(self.routes)[number]] += 1
            return
        took_s = response_time / 1000
        start_s = self._clock.start_s(start_time, took_s)
        status = getattr(response, "status_code", None)
        status = status if isinstance(status, int) and status in STATUSES else 0
        code = status or NO_STATUS
        if exception is not None:
            code = failure(exception, status)
        elif took_s > self._timeout_s:
            code = TIMED_OUT
        size = min(response_length, LARGEST_BYTES) if isinstance(response_length, int) and response_length > 0 else 0
        self._recorder.add(start_s, start_s, start_s + took_s, code, size, NOT_SENT, number)
        if exception is not None:
            self._keep(code, status, response, exception)

    def _route(self, name: str) -> int:
        if name not in self.routes and len(self.routes) >= MOST_ROUTES:
            name = OTHERS
        return self.routes.setdefault(name, len(self.routes))

    def _keep(self, code: int, status: int, response: Any, exception: object) -> None:
        if not self._wrong_answers.wants(self._recorder.measurement, code):
            return
        headers: Any = getattr(response, "headers", None)
        lines = headers.items() if hasattr(headers, "items") else ()
        head = b"".join(f"{name}: {value}\r\n".encode("utf-8", "backslashreplace") for name, value in lines)
        received = b"HTTP/1.1 %d\r\n%b\r\n" % (status, head)
        said = f"an answer that the locustfile accepts; it said {exception}"
        self._wrong_answers.keep(self._recorder.measurement, code, status, received, _body(response), said)


def _body(response: object) -> bytes:
    """The body, if the client of HttpUser or FastHttpUser has read it: to read it here would take it from a stream."""
    kept = (getattr(response, name, None) for name in ("_content", "_cached_content"))
    return next((body for body in kept if isinstance(body, bytes)), b"")


def failure(exception: object, status: int) -> int:
    """The code of a request that failed by this exception; `status` is 0 where there was no answer."""
    if status >= 400:
        return -status
    if status:
        return FAILED
    chain = list(_chain(exception))
    codes = {getattr(one, "errno", None) for one in chain}
    words = " ".join(f"{type(one).__name__} {one}" for one in chain)
    signs = (
        (errno.EADDRNOTAVAIL in codes, NO_PORT),
        (errno.ECONNREFUSED in codes, NO_CONNECTION),
        ("imeout" in words or "timed out" in words, TIMED_OUT),
        (bool(codes & {errno.ECONNRESET, errno.EPIPE}) or "Connection" in words, LOST),
    )
    return next((code for sign, code in signs if sign), FAILED)


def _chain(exception: object) -> Iterator[object]:
    """An exception and those that it wraps: its causes, contexts, arguments and reasons."""
    seen: list[object] = []
    left = [exception]
    while left and len(seen) < 20:
        one = left.pop(0)
        if not isinstance(one, BaseException) or any(one is other for other in seen):
            continue
        seen.append(one)
        left += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return iter(seen)


class PluginSession(WindowSession):
    """The conduct of a run whose users are of any kind.

    The warm-up begins when every user has left on_start. They send from then on as their tasks say, until Locust stops
    them. `left`: the users who have left it; `ended_early`: what others ended with in it; `raised`: what tasks raised.
    """

    def __init__(self, plan: LoadPlan) -> None:
        super().__init__(plan)
        self.listener = Listener(self.recorder, self.wrong_answers, plan.timeout_s)
        self.answered = set(range(self.users))  # who has had an answer is not known
        self.left: set[int] = set()
        self.ended_early: Counter[str] = Counter()
        self.raised: Counter[str] = Counter()
        self.alive = 0
        self.killed = 0
        self.environment: Any
        self.runner: Any

    def watch(self, environment: Any) -> None:
        """Listen to what the users of this environment do, before any of them starts."""
        self.environment = environment
        environment.events.request.add_listener(self.listener.request)
        environment.events.user_error.add_listener(self._user_error)
        for one in environment.user_classes:
            self._watch_on_start(one)

    def _watch_on_start(self, kind: type[Any]) -> None:
        original: Callable[[Any], None] = kind.on_start

        @wraps(original)
        def on_start(user: Any) -> None:
            try:
                original(user)
            except BaseException as error:
                if type(user) is kind:
                    self.ended_early[_named(error)] += 1
                raise
            if type(user) is kind:  # a class that derives from this one has more to do
                self.left.add(id(user))

        kind.on_start = on_start

    def _user_error(self, user_instance: Any = None, exception: Any = None, **_: Any) -> None:
        user = getattr(user_instance, "user", user_instance)  # a task set tells of itself
        if id(user) in self.left:
            self.raised[_named(exception)] += 1

    def expect_users(self, locustfile: str) -> None:
        """Nothing: whoever takes part is seen at the end."""

    def conduct(self, runner: Runner) -> None:
        """As `Session.conduct`, once every user has left on_start."""
        self.runner = runner
        self._await_users()
        super().conduct(runner)

    def _await_users(self) -> None:
        latest_s = time.monotonic() + ON_START_S
        while (entered := len(self.left) + self.ended_early.total()) < self.users:
            tell("login", done=entered)
            if time.monotonic() > latest_s:
                sys.exit(
                    f"{self.users - entered} of {self.users} users were still in on_start after {ON_START_S:g} s: "
                    f"on_start must end; what a user does again and again belongs into a task"
                )
            gevent.sleep(POLL_S)
        if not self.left:
            sys.exit(f"all {self.users} users ended in on_start: {_told(self.ended_early)}")

    def enough_s(self, start_s: float, now_s: float) -> float:
        """See `WindowSession.enough_s`. What is in flight is not known: without any answer no window is long enough."""
        last_s = max(self.recorder.columns["done_s"][-1:], default=-math.inf)
        return super().enough_s(start_s, now_s) if last_s >= start_s else math.inf

    def load(self) -> None:
        """See `Session.load`; exit with words where no request was recorded."""
        super().load()
        if not len(self.recorder):
            sys.exit(
                "the locustfile recorded no request: a user that is measured sends requests by the client of HttpUser "
                "or FastHttpUser, or fires Locust's event `request` for each of them"
            )

    def drain(self) -> None:
        """Stop the users, and wait until they have finished the task that they are in, or for as long as they may."""
        self.alive = self.runner.user_count
        longest_s = self.plan.timeout_s + STOP_S
        self.environment.stop_timeout = longest_s
        latest_s = time.monotonic() + longest_s - POLL_S
        stopping = gevent.spawn(self.runner.stop)
        while self.runner.user_count and time.monotonic() < latest_s:
            gevent.sleep(POLL_S / 2)
        self.killed = self.runner.user_count
        stopping.join()

    def facts(self) -> Mapping[str, Any]:
        """See `Session.facts`."""
        return {
            "users": {
                "routes": list(self.listener.routes),
                "faults": list(self._faults()),
                "untimed": {**self.listener.untimed},
            }
        }

    def _faults(self) -> Iterator[str]:
        """What became of users who did not send to the end, in words."""
        if early := self.ended_early.total():
            yield f"{early} of {self.users} users ended in on_start: {_told(self.ended_early)}"
        if (ended := self.users - early - self.alive) > 0:
            yield f"{ended} of {self.users} users ended before the load did"
        if self.killed:
            longest_s = self.plan.timeout_s + STOP_S
            yield (
                f"{self.killed} of {self.users} users were in the same task for {longest_s:g} s after the end of the "
                f"load and were killed: a request of theirs may be missing"
            )
        if times := self.raised.total():
            yield f"tasks raised {times} exception{'' if times == 1 else 's'}: {_told(self.raised)}"


def _named(error: BaseException) -> str:
    return _readable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _readable(text: str) -> str:
    """The text, cut, without what cannot be written down."""
    return readable(text[:LONGEST].encode("utf-8", "backslashreplace"))


def _told(found: Counter[str]) -> str:
    """The most frequent of these kinds."""
    named = [f"{times} x {name}" if len(found) > 1 else name for name, times in found.most_common(EXCEPTIONS)]
    return "; ".join([*named, *(["and others"] if len(found) > EXCEPTIONS else [])])
