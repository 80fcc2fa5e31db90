"""Connections that go only where the policy allows: a name is resolved once and the checked number is what is dialled.

A name server that changes its answer between the check and the connection (DNS re-binding) changes nothing, because
there is no second look-up. TLS names and the Host header stay those of the address. Public APIs of httpx and httpcore.
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from ipaddress import IPv4Address, IPv6Address, ip_address
from ssl import SSLContext
from threading import local
from typing import Any

import httpcore
import httpx

from zaoguang.watch.address import AddressPolicy
from zaoguang.watch.report import Unread

__all__ = ["CheckedTransport", "Deadline", "NoWayError", "Resolve", "look_up"]

Resolve = Callable[[str, int], Sequence[str]]
"""Name and port to numeric addresses, in the order to try; raises ``socket.gaierror``."""

_MAX_ADDRESSES_TRIED = 4
_KEEPALIVE_SECONDS = 15.0


class NoWayError(Exception):
    """No connection was made, for the typed reason in `unread`."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.value)
        self.unread = unread


class Deadline:
    """The moment at which the fetch that runs in this thread must be over, whatever the other side still sends."""

    def __init__(self) -> None:
        self._here = local()

    def start(self, seconds: float) -> None:
        """Give this thread's fetch that long."""
        self._here.at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left to this thread; raises NoWayError(timed_out) when there are none."""
        seconds: float = self._here.at - time.monotonic()
        if seconds <= 0:
            raise NoWayError(Unread.TIMED_OUT)
        return seconds

    def within(self, seconds: float | None) -> float:
        """Cut one wait to what is left."""
        left = self.left()
        return left if seconds is None else min(seconds, left)


def look_up(name: str, port: int) -> Sequence[str]:
    """Ask the system's resolver for a name's numeric addresses."""
    answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(answer[4][0]) for answer in answers]


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait also ends at the deadline, so that a slow drip of bytes cannot outlast it."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it all."""
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        """Let go of the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate must be good for the name."""
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        except httpcore.ConnectError:
            raise NoWayError(Unread.TLS_FAILED) from None
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own signature
        """Give what httpcore wants to know of the connection."""
        return self._inner.get_extra_info(info)


class _CheckedBackend(httpcore.NetworkBackend):
    def __init__(self, policy: AddressPolicy, deadline: Deadline, resolve: Resolve) -> None:
        self._policy = policy
        self._deadline = deadline
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()
        # getaddrinfo cannot be interrupted: a look-up that hangs keeps its thread until the system gives up, and the
        # fetch goes on without it.
        self._resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that answers."""
        failure = Unread.UNRESOLVED
        for ip in self._checked(host, port, timeout)[:_MAX_ADDRESSES_TRIED]:
            try:
                stream = self._inner.connect_tcp(
                    str(ip), port, self._deadline.within(timeout), local_address, socket_options
                )
            except httpcore.ConnectTimeout:
                failure = Unread.TIMED_OUT
            except httpcore.ConnectError as error:
                refused = isinstance(error.__cause__, ConnectionRefusedError)
                failure = Unread.REFUSED_CONNECTION if refused else Unread.UNREACHABLE
            else:
                return _Stream(stream, self._deadline)
        raise NoWayError(failure)

    def _checked(self, host: str, port: int, timeout: float | None) -> list[IPv4Address | IPv6Address]:
        """Resolve once; one forbidden address among the answers forbids them all, for it is a sign of an attack."""
        answer = self._resolvers.submit(self._resolve, host, port)
        try:
            ips = [ip_address(text) for text in answer.result(self._deadline.within(timeout))]
        except FutureTimeoutError:
            raise NoWayError(Unread.TIMED_OUT) from None
        except socket.gaierror as error:
            gone = error.errno == socket.EAI_NONAME
            raise NoWayError(Unread.UNKNOWN_HOST if gone else Unread.UNRESOLVED) from None
        except (OSError, ValueError):  # ValueError: UnicodeError for a label that no name service can hold
            raise NoWayError(Unread.UNRESOLVED) from None
        if any(self._policy.refuses(ip, port) for ip in ips):
            raise NoWayError(Unread.FORBIDDEN_ADDRESS)
        return list(dict.fromkeys(ips))


class _Body(httpx.SyncByteStream):
    def __init__(self, parts: Iterable[bytes], close: Callable[[], None]) -> None:
        self._parts = parts
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts

    def close(self) -> None:
        """Let go of the connection."""
        self._close()


class CheckedTransport(httpx.BaseTransport):
    """HTTP/1.1 over kept-alive, checked connections; no cookies, no proxy, nothing from the environment.

    Raises NoWayError where the policy, the resolver or the connection say no, and httpcore's exceptions otherwise.
    """

    def __init__(
        self, policy: AddressPolicy, deadline: Deadline, *, connections: int, resolve: Resolve = look_up
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=_CheckedBackend(policy, deadline, resolve),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the response's body is read from its stream."""
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=b"",
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.iter_stream(), answer.close),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
