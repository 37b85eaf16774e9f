"""Who answers in these tests."""

from workflows_app.testing import Person

ADA = Person("ada", "reviewers")
BOB = Person("bob", "reviewers")
DANA = Person("dana", "leads")
