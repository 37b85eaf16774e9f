"""The house keeps its own rules: arrows, migrations, and a README that is complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
SETTING = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    code = "".join(path.read_text() for path in (ROOT / "project").rglob("*.py"))

    names = set(SETTING.findall(code))

    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_imports_keep_to_the_arrows() -> None:
    command = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run(  # noqa: S603 - our own tool
        [command, "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
