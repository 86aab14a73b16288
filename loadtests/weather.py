"""GET /weather: one call of the upstream."""

import json

from loadtests.engine.user import ScenarioUser


class Weather(ScenarioUser):
    """Asks for the weather in one city."""

    path = "/weather?city=London"

    @staticmethod
    def accepts(body: bytes) -> bool:
        """The city that was asked for, and a number of degrees."""
        answer = json.loads(body)
        return answer.keys() == {"city", "temp_c"} and answer["city"] == "London" and type(answer["temp_c"]) is float
