"""A bar for long work, where somebody watches: on a terminal and in a notebook."""

import os
import sys
import time

# Work that is over sooner shows no bar.
_DELAY = 0.5
_WIDTH = 24


def _notebook():
    """What shows changing text in a notebook, or None elsewhere."""
    if "ipykernel" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython() if hasattr(get_ipython(), "kernel") else None


def begin(progress, what):
    """What shows progress, a function of (done, of, words), or None: see ``Covariance.spectrum``."""
    if progress is False:
        return None
    if progress is None:
        testing = "PYTEST_CURRENT_TEST" in os.environ
        watched = not testing and (sys.stderr is not None and sys.stderr.isatty() or _notebook() is not None)
        return Bar(what) if watched else None
    if progress is True:
        return Bar(what)
    if not callable(progress):
        allowed = "it is True, False, None or a function of (done, of, words)"
        raise ValueError(f"progress = {progress!r} is not allowed: {allowed}")
    return progress


class Bar:
    """One line that is drawn over and over, and cleared at the end."""

    def __init__(self, what):
        self._what = what
        self._start = time.monotonic()
        self._handle = None
        self._length = 0

    def __call__(self, done, of, words):
        seconds = time.monotonic() - self._start
        if seconds < _DELAY:
            return
        part = min(done / of, 1.0) if of > 0 else 0.0
        filled = int(_WIDTH * part)
        bar = "█" * filled + "░" * (_WIDTH - filled)
        self._show(f"{self._what} {bar} {100 * part:3.0f} %, {seconds:.0f} s  {words}")

    def _show(self, line):
        if _notebook() is not None:
            from IPython.display import display

            shown = {"text/plain": line}
            if self._handle is None:
                self._handle = display(shown, raw=True, display_id=True)
            else:
                self._handle.update(shown, raw=True)
            return
        try:
            room = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        except (OSError, ValueError, AttributeError):
            room = 79
        line = line[:room]
        print("\r" + line.ljust(self._length), end="", file=sys.stderr, flush=True)
        self._length = len(line)

    def close(self):
        """Clears the line."""
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)
        elif self._length:
            print("\r" + " " * self._length + "\r", end="", file=sys.stderr, flush=True)
