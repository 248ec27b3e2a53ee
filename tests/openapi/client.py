"""Uses the client that openapi-python-client made: arguments are its folder, the Worker's address, a key and an event."""

import sys

folder, base_url, key, event = sys.argv[1:]
sys.path.insert(0, folder)

from headwater_client import AuthenticatedClient  # noqa: E402
from headwater_client.api.events import track  # noqa: E402
from headwater_client.api.questions import ask_stats, funnel  # noqa: E402
from headwater_client.models import Event, FunnelQuestion, StatsQuestion  # noqa: E402

client = AuthenticatedClient(base_url=base_url, token=key, raise_on_unexpected_status=True)
sent = track.sync(client=client, body=Event.from_dict({"event": event, "anonymous_id": "python"}))
assert sent.event_id, sent
question = {"metrics": ["events"], "filters": [["is", "event", [event]]], "date_range": "today"}
stats = ask_stats.sync(client=client, body=StatsQuestion.from_dict(question))
assert stats.rows is not None and stats.meta.timezone == "UTC", stats
steps = {"steps": [["is", "event", [event]], ["is", "event", ["none"]]]}
answer = funnel.sync(client=client, body=FunnelQuestion.from_dict(steps))
assert [step.index for step in answer.steps] == [0, 1], answer
wrong = ask_stats.sync(client=client, body=StatsQuestion.from_dict({"date_range": "soon"}))
assert wrong.error == "invalid_params", wrong
print("ok")
