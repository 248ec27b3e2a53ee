"""Lists every tool and resource of an MCP endpoint and uses them; prints what it saw as JSON.

Arguments: address, key, revision, arguments of tools by name.
"""

import asyncio
import json
import sys

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url, key, mode, needed):
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            failed = []
            tools = [tool.name for tool in (await client.list_tools()).tools]
            for name in tools:
                # The client holds the answer against the tool's output schema itself.
                result = await client.call_tool(name, needed.get(name, {}))
                if result.is_error or not result.structured_content:
                    failed.append([name, str(result)])
            resources = [str(resource.uri) for resource in (await client.list_resources()).resources]
            for uri in resources:
                result = await client.read_resource(uri)
                if len(result.contents) != 1:
                    failed.append([uri, str(result)])
            print(json.dumps({"tools": tools, "resources": resources, "failed": failed}))


asyncio.run(main(*sys.argv[1:4], json.loads(sys.argv[4])))
