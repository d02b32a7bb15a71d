"""A runner that prints TAP, for test programs with one expensive fixture.

A test is a function that takes what its module's `setup` yields; run(setup, tests) calls each. What
is given to at_end() is undone when the program ends, whatever happened; what is appended to
`complaints` fails the run, whichever test was busy then.
"""

import atexit
import concurrent.futures
import contextlib
import signal
import sys
import traceback


class Skip(Exception):
    """Raised by a test or a setup that cannot run here; the text says why."""


_cleanups = []
complaints = []  # what went wrong outside any one test


def at_end(function, *arguments):
    """Calls the function when the test program ends; last given, first called."""
    _cleanups.append((function, arguments))


def _run_cleanups():
    while _cleanups:
        function, arguments = _cleanups.pop()
        try:
            function(*arguments)
        except Exception:
            complaints.append("while cleaning up:\n" + traceback.format_exc())


atexit.register(_run_cleanups)
for _signal in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_signal, lambda number, frame: sys.exit(128 + number))


def _diagnose(text):
    for line in text.rstrip().splitlines():
        print("# " + line)


def _try(test, fixture):
    """What became of it: "" when it is good, the Skip, or what went wrong."""
    try:
        test(fixture)
    except Skip as reason:
        return reason
    except Exception:
        return traceback.format_exc()
    return ""


def run(setup, tests, at_once=1):
    """Calls `setup` (a generator function that yields once), then each test with what it yielded,
    and prints TAP. A test's name is the first line of its docstring, else its own name. Ends the
    program: 0 when nothing failed. `at_once`: so many at the same time, where they need nothing of
    each other and wait for most of theirs; they are told of in order."""
    failed = count = 0
    manager = contextlib.contextmanager(setup)()
    try:
        fixture = manager.__enter__()
    except Skip as reason:
        _run_cleanups()
        print("1..0 # SKIP %s" % reason, flush=True)
        sys.exit(0)
    except Exception:
        print("Bail out! The servers of this test do not start")
        _diagnose(traceback.format_exc())
        sys.exit(1)
    pool = concurrent.futures.ThreadPoolExecutor(at_once) if at_once > 1 else None
    tried = (pool.map if pool else map)(lambda test: _try(test, fixture), tests)
    for test, trouble in zip(tests, tried):
        count += 1
        title = (test.__doc__ or test.__name__).strip().splitlines()[0].rstrip(".").replace("#", "")
        if isinstance(trouble, Skip):
            print("ok %d - %s # SKIP %s" % (count, title, trouble), flush=True)
        elif not trouble:
            print("ok %d - %s" % (count, title), flush=True)
        else:
            failed += 1
            print("not ok %d - %s" % (count, title))
            _diagnose(trouble)
            sys.stdout.flush()
    try:
        manager.__exit__(None, None, None)
    except Exception:
        complaints.append(traceback.format_exc())
    _run_cleanups()
    count += 1
    result = "not ok" if complaints else "ok"
    print("%s %d - every program ended orderly and no sanitizer complained" % (result, count))
    for complaint in complaints:
        failed += 1
        _diagnose(complaint)
    print("1..%d" % count, flush=True)
    sys.exit(1 if failed else 0)
