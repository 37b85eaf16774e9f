"""Finds the workflows of an installation: every installed app's `flows`."""

import importlib
import logging
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from workflows_app.engine import registry
from workflows_app.engine.workflow import Workflow

log = logging.getLogger(__name__)


def load_workflows() -> list[Workflow]:
    """Import all flows. One that cannot be imported is logged; the others go on."""
    importlib.invalidate_caches()
    for name in _module_names():
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - somebody else's code
            log.error("Left out %s: %s: %s", name, type(error).__name__, error)
    return registry.workflows()


def fingerprint() -> frozenset[tuple[str, int, int]]:
    """Changes when a file of flows comes, goes, or is written."""
    return frozenset(_stamps())


def _stamps() -> Iterator[tuple[str, int, int]]:
    for _, path in _files():
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # gone between listing and looking
        yield str(path), stat.st_mtime_ns, stat.st_size


def _module_names() -> list[str]:
    """What is imported: a module whose name begins with _ only helps its neighbours."""
    return [name for name, path in _files() if not path.stem.startswith("_")]


def _files() -> list[tuple[str, Path]]:
    """Each app's flows.py, or the modules of its flows package, with their names."""
    found = []
    for app in apps.get_app_configs():
        root = Path(app.path)
        if (root / "flows.py").exists():
            found.append((f"{app.name}.flows", root / "flows.py"))
        found += [
            (f"{app.name}.flows.{path.stem}", path)
            for path in sorted((root / "flows").glob("*.py"))
        ]
    return found
