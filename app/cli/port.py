"""The port Safar answers on: whether it is free, whether a Safar answers there."""

import http.client
import socket

from engine.core.errors import SettingsError


def demand_free_port(port: int) -> None:
    """Raises SettingsError when something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise SettingsError(
                f"SAFAR_PORT: port {port} cannot be used ({error.strerror}). Stop the program that uses it, "
                "or set SAFAR_PORT to another one."
            ) from error


def answers(port: int) -> bool:
    """Whether a Safar on this machine answers on the port and is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
