"""What the document cannot say of a request."""

import json

import schemathesis
from schemathesis.generation import GenerationMode

# Cloudflare takes addresses of 16 KiB; behind it nothing longer ever arrives.
LONGEST_QUERY = 8_000
# Answered with 400, rightly: only account keys name a project, and nobody can make up a cursor.
REFUSED = ("project", "cursor")


@schemathesis.hook
def filter_case(context, case):
    return len(json.dumps(case.query or {})) < LONGEST_QUERY


@schemathesis.hook
def map_case(context, case):
    if case.query:
        # The key is in the header; a second one is an error.
        case.query.pop("key", None)
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        for part in (case.query, case.body):
            if isinstance(part, dict):
                for name in REFUSED:
                    part.pop(name, None)
                if "timezone" in part:
                    part["timezone"] = "Europe/Berlin"
    return case
