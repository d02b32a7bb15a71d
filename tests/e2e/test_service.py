"""What the daemons tell the service manager that starts them: that they are ready, that they live,
that they stop."""

import contextlib
import ctypes
import os
import signal
import socket
import threading
import time

from servers import (HttpServer, Postfix, Skip, Weir, counts_store, make_temporary_directory, need_root,
                     run, wait_for)

WATCHDOG_S = 2


class Manager:
    """A service manager's end of sd_notify(3)."""

    def __init__(self, directory, name):
        self.path = os.path.join(directory, name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.setblocking(False)
        self.heard = []

    def environment(self):
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(WATCHDOG_S * 1000000)}

    def listen(self):
        """All that was said so far."""
        while True:
            try:
                self.heard.append(self.socket.recv(100).decode())
            except BlockingIOError:
                return self.heard

    def wait(self, message, times=1):
        wait_for(lambda: self.listen().count(message) >= times, "it says %s" % message)


class Fixture:
    def __init__(self, directory):
        self.directory, self.count = directory, 0
        self.counts = counts_store(directory)

    def weir(self):
        self.count += 1
        weir = Weir(self.directory, self.counts.url, "weir%d" % self.count)
        manager = Manager(self.directory, "manager%d" % self.count)
        return weir, manager


def setup():
    yield Fixture(make_temporary_directory())


def expect_life(manager, process, number=signal.SIGTERM):
    """Ready, alive, silent while it is stopped, and alive again; then it stops."""
    manager.wait("READY=1")
    manager.wait("WATCHDOG=1", 2)
    os.kill(process, signal.SIGSTOP)
    manager.listen()
    before = len(manager.heard)
    try:
        wait_for(lambda: quiet_for(manager, 2 * WATCHDOG_S), "it falls silent")
    finally:
        os.kill(process, signal.SIGCONT)
    wait_for(lambda: "WATCHDOG=1" in manager.listen()[before:], "it lives again")
    os.kill(process, number)
    manager.wait("STOPPING=1")
    assert manager.heard[0] == "READY=1" and manager.heard.count("READY=1") == 1, manager.heard


def quiet_for(manager, seconds):
    before = len(manager.listen())
    time.sleep(seconds)
    return len(manager.listen()) == before


def test_milter(fixture):
    """weir-milter is ready when it listens, and alive while libmilter answers"""
    weir, manager = fixture.weir()
    weir.env.update(manager.environment())
    milter = weir.start_milter()
    expect_life(manager, milter.pid, signal.SIGUSR2)
    assert milter.wait() == 0, milter.log()


def test_feedfilter(fixture):
    """weir-feedfilter is ready when it serves, and alive while it looks after its feeds"""
    weir, manager = fixture.weir()
    weir.configure({"feed planet": {"url": HttpServer().url + "/planet"}})
    weir.env.update(manager.environment())
    feeds = weir.start_feeds()
    expect_life(manager, feeds.pid)
    assert feeds.wait() == 0, feeds.log()


def test_console(fixture):
    """weir-console is ready when it listens, and alive while HTTP is answered"""
    weir, manager = fixture.weir()
    weir.env.update(manager.environment())
    console = weir.start_console()
    manager.wait("READY=1")
    manager.wait("WATCHDOG=1", 2)
    with stopped_thread(console.pid, "MHD-listen"):
        wait_for(lambda: quiet_for(manager, 2 * WATCHDOG_S), "it falls silent")
    before = len(manager.listen())
    wait_for(lambda: "WATCHDOG=1" in manager.listen()[before:], "it lives again")
    console.stop()
    manager.wait("STOPPING=1")


@contextlib.contextmanager
def stopped_thread(process, name):
    """Only that thread of the process stands still, as one that hangs does."""
    seize, interrupt, detach, every_kind = 0x4206, 0x4207, 17, 0x40000000  # ptrace(2), __WALL
    tasks = "/proc/%d/task" % process
    thread, = [int(task) for task in os.listdir(tasks)
               if open("%s/%s/comm" % (tasks, task)).read().strip() == name]
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    if ptrace(seize, thread, None, None) or ptrace(interrupt, thread, None, None):
        raise Skip("ptrace: " + os.strerror(ctypes.get_errno()))
    os.waitpid(thread, every_kind)
    try:
        yield
    finally:
        ptrace(detach, thread, None, None)


def expect_previews(weir):
    """Who asks for a preview is answered, while another says what it wants byte by byte."""
    path, done = weir.settings["release"]["preview"], threading.Event()
    with socket.socket(socket.AF_UNIX) as slow, socket.socket(socket.AF_UNIX) as asker:
        slow.connect(path)
        dripping = threading.Thread(target=drip, args=(slow, done))
        dripping.start()
        try:
            asker.settimeout(6)
            asker.connect(path)
            asker.sendall(b"NOSUCHID %s\n" % (32 * b"0"))
            assert asker.recv(100).startswith(b"missing")
        finally:
            done.set()
            dripping.join()


def drip(connection, done):
    try:
        while not done.wait(0.3):
            connection.send(b"x")
    except OSError:
        pass


def test_release(fixture):
    """weir-release speaks for weir-hold, which the manager started, and lets nobody hold it up"""
    need_root()
    weir, manager = fixture.weir()
    weir.start_milter()
    postfix = Postfix(fixture.directory, "postfix", milter=weir.socket)
    # The manager names weir-hold's pid; any will do, for it is weir-release's that counts.
    weir.env.update(manager.environment(), WATCHDOG_PID="1")
    hold = weir.start_hold(postfix)
    manager.wait("READY=1")
    manager.wait("WATCHDOG=1", 2)
    expect_previews(weir)
    hold.stop()
    manager.wait("STOPPING=1")


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")])
