"""The project's settings, and the benchmark's workflows beside the others."""

from project.settings import *  # noqa: F403 - a settings module inherits like this
from project.settings import INSTALLED_APPS as PROJECT_APPS

INSTALLED_APPS = [*PROJECT_APPS, "benchmarks"]
