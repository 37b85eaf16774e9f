"""The conformance cases of engine.md: 67 tests, one for each, named as its sentence.

The package is also a Django app: workers of these tests run the workflows of its flows.
"""
