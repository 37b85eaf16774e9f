"""The JSON API: the doors of programs. Each parses, calls one verb, and tells what is.

Nothing here waits. What a program wants to wait for is waited for in `waiting.py`, when
its request is over and costs neither a thread nor a connection to the database.
"""
