"""What this engine adds to Locust: options of its own, checks of them and of the locustfile, and a measured run."""

import sys
from typing import Any

import gevent
from locust import User, events
from locust.env import Environment

from loadtests.engine.options import add_options, open_load, parsed_host
from loadtests.engine.plan import handed_plan
from loadtests.engine.plugin import PluginSession
from loadtests.engine.refusal import refused
from loadtests.engine.search import SearchSession
from loadtests.engine.session import Session
from loadtests.engine.slices import SlicedSession
from loadtests.engine.window import WindowSession


def planned() -> Session | None:
    """The session that the harness asked for, or None when people run Locust themselves."""
    plan = handed_plan()
    if plan is None:
        return None
    if plan.client == "locust":
        return PluginSession(plan)
    if plan.searches:
        return SearchSession(plan)
    return SlicedSession(plan) if plan.slices else WindowSession(plan)


def attach(session: Session | None, base: type[User]) -> None:
    """Add our options to Locust, and conduct `session`, if any. `base`: the class that a measured user derives from.

    Locust exits with words where a value makes no sense, where the locustfile has what is not measured, and where its
    users take no part in the session.
    """

    def extend(parser: Any, **_: Any) -> None:
        add_options(parser)
        if session is not None:  # what is measured does not depend on a file that lies about
            parser._default_config_files = []  # noqa: SLF001 (Locust does the same for its own parsers)

    def prepare(environment: Environment, **_: Any) -> None:
        # gevent's clock stood still while Locust was imported, and --run-time would count from before that.
        gevent.get_hub().loop.update_now()
        options = environment.parsed_options
        try:
            load = open_load(options)
            if environment.host or (options is not None and options.headless):  # in the web UI it may be written later
                parsed_host(environment.host)
        except ValueError as error:
            sys.exit(str(error))
        wrong = refused(environment.user_classes, base, measured=session is not None or load is not None)
        if wrong:
            sys.exit(wrong)
        if isinstance(session, PluginSession):
            session.watch(environment)
        if session is not None:
            environment.events.spawning_complete.add_listener(lambda **_: begin(environment, session))

    def begin(environment: Environment, session: Session) -> None:
        gevent.spawn(session.conduct, environment.runner)
        gevent.spawn(session.expect_users, environment.locustfile)

    events.init_command_line_parser.add_listener(extend)
    events.init.add_listener(prepare)
