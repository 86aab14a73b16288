"""The answer that both strategies of /aggregated-data must give."""

import json


def is_aggregate(body: bytes) -> bool:
    """User 7 with lists of orders and reviews, none of them empty."""
    answer = json.loads(body)
    lists = [answer["orders"], answer["reviews"]]
    return answer["user"]["id"] == 7 and all(isinstance(found, list) and found for found in lists)
