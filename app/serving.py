"""How the built pages and files leave the server: plain addresses, and caches that never hold an old page."""

from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOREVER = b"public, max-age=31536000, immutable"
ASK_FIRST = b"no-cache"


def serve_pages(routes: Collection[str]) -> Callable[[ASGIApp], ASGIApp]:
    """Wraps the application.

    A page `/login` is built as `/login/index.html`, which file servers answer with a redirect to `/login/`; here it
    is answered at once. Files under `/assets` bear a digest in their names and are kept for good; pages and
    everything else is asked for again, which costs an answer without a body when it is unchanged.

    Args:
        routes: addresses of pages without parameters.
    """
    folders = frozenset(route for route in routes if route != "/" and "[" not in route)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path: str = scope["path"]
            if path in folders:
                scope = {**scope, "path": f"{path}/", "raw_path": f"{path}/".encode()}

            async def send_cached(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = list(message.get("headers", []))
                    if all(name.lower() != b"cache-control" for name, _ in headers):
                        found = message["status"] in (200, 304)
                        kept = path.startswith("/assets/") and found
                        headers.append((b"cache-control", FOREVER if kept else ASK_FIRST))
                    message = {**message, "headers": headers}
                await send(message)

            await app(scope, receive, send_cached)

        return serve

    return wrap
