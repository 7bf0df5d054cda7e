"""For all tests."""

from hypothesis import settings

settings.register_profile("no stopwatch", deadline=None)  # how fast an example runs is the machine's affair, and no property of the code
settings.load_profile("no stopwatch")
