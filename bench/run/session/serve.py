"""One stack and its upstream in the foreground, for a person with Locust's web UI or a browser."""

from bench.model.config import Plan, Stack
from bench.model.loads import most_in_flight
from bench.run.host.cpus import CpuSets
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.session.fitness import descriptors_for
from bench.run.session.leftovers import clean_up
from bench.run.testbed.companions import running_companions
from bench.run.testbed.server import running_server
from bench.run.testbed.upstream import running_upstream


def serve_stack(stack: Stack, plan: Plan, port: int, seed: int, stop: StopRequest) -> None:
    """Serve until a signal comes; print `ready URL` on stdout once it does. Nothing is pinned.

    Raises BenchError where the stack does not come up or ends by itself, Interrupted at the signal.
    """
    clean_up(stop)
    in_flight = most_in_flight(plan.profile)
    descriptors_for(in_flight)
    with (
        scratch_folder() as logs,
        running_upstream(None, seed, (), logs / "upstream.log", stop) as upstream,
        running_companions(plan.companions_of(stack), CpuSets((), ()), logs / "server.log", stop) as companions,
        running_server(
            stack, upstream.url, in_flight, (), logs / "server.log", stop, port, urls=companions.urls
        ) as server,
    ):
        print(f"ready {server.url}", flush=True)
        while True:
            stop.sleep(0.2)
            server.program.check_alive()
            upstream.program.check_alive()
            for program in companions.programs.values():
                program.check_alive()
