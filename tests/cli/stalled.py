#!/usr/bin/env python3
"""A reader or a terminal that takes nothing holds up neither the run nor its signals.

stalled.py PROGRAM GROUP: pipe, terminal, both, dash.  Every wait is for a condition and has a deadline."""
import array, fcntl, json, os, pty, select, signal, subprocess, sys, tempfile, termios, time

DEADLINE_S = 60
SMALL = 4096
FILLED = b"." * (SMALL - 100) + b"\n"
RUN = ["run", "null", "--interval", "100ms", "--rows", "64"]


def await_that(what, condition, process=None):
    until = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not in {DEADLINE_S} s: {what}" + ("" if process is None else f"; status {process.poll()}"))
        time.sleep(0.01)


def takes_something(fd):
    return bool(select.select([], [fd], [], 0)[1])


def is_whole(path):
    try:
        with open(path) as file:
            return "end" in json.load(file)
    except (OSError, ValueError):
        return False


class Stalled:
    """The program with a stdout that nobody reads; ours is a way to see whether it takes anything."""

    def __init__(self, program, words, work, terminal=False, errors_too=False, size=(24, 80)):
        if terminal:
            self.reader, self.writer = pty.openpty()
            fcntl.ioctl(self.writer, termios.TIOCSWINSZ, array.array("H", [*size, 0, 0]))
        else:
            self.reader, self.writer = os.pipe()
            fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, SMALL)
            # The first lines find no room: up to PIPE_BUF are written whole or not at all.
            os.write(self.writer, FILLED)
        self.before = termios.tcgetattr(self.writer) if terminal else None
        self.errors = os.path.join(work, "errors")
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([program, *words], stdout=self.writer, cwd=work,
                                            stdin=self.writer if terminal else subprocess.DEVNULL,
                                            stderr=self.writer if errors_too else errors)

    def await_status(self, *expected):
        try:
            status = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it has not ended in {DEADLINE_S} s") from None
        assert status in expected, f"status {status}, expected {expected}: {open(self.errors).read()[-400:]}"

    def read_all(self):
        """What there is, until the program has ended and nothing is left."""
        said, until = b"", time.monotonic() + DEADLINE_S
        os.set_blocking(self.reader, False)
        while time.monotonic() < until:
            ended = self.process.poll() is not None
            if select.select([self.reader], [], [], 0.05)[0]:
                said += os.read(self.reader, 65536)
            elif ended:
                # a terminal that nobody reads drops bytes, of characters, too
                return said.decode(errors="replace")
        raise AssertionError(f"it goes on for more than {DEADLINE_S} s")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.reader)
        os.close(self.writer)


def two_signals(program, terminal):
    """Before the run has ended: nothing is waited for."""
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "r.jsonl")
        s = Stalled(program, [*RUN, "--duration", "0", "--jsonl", path], work, terminal)
        try:
            if terminal:
                termios.tcflow(s.writer, termios.TCOOFF)
            await_that("an interval", lambda: os.path.exists(path) and b"interval" in open(path, "rb").read(), s.process)
            s.process.send_signal(signal.SIGSTOP)
            s.process.send_signal(signal.SIGINT)
            s.process.send_signal(signal.SIGHUP)
            s.process.send_signal(signal.SIGCONT)
            s.await_status(130)
        finally:
            s.close()


def signals_end_the_run(program, terminal):
    """The first ends the run, whose files are written; who sends TERM or HUP need not send a second."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with tempfile.TemporaryDirectory() as work:
            json_path, lines_path = os.path.join(work, "r.json"), os.path.join(work, "r.jsonl")
            s = Stalled(program, [*RUN, "--duration", "0", "--json", json_path, "--jsonl", lines_path], work, terminal)
            try:
                if terminal:
                    termios.tcflow(s.writer, termios.TCOOFF)
                await_that("an interval", lambda: os.path.exists(lines_path) and b"interval" in open(lines_path, "rb").read(), s.process)
                s.process.send_signal(number)
                await_that("a whole result file", lambda: is_whole(json_path), s.process)
                if number == signal.SIGINT:
                    s.process.send_signal(number)
                s.await_status(130)
                with open(lines_path) as file:
                    events = [json.loads(line)["event"] for line in file]
                assert events[0] == "start" and events[-1] == "end", events
            finally:
                s.close()


def time_passes(program, terminal):
    """The run ends when it is to end; who reads late reads all of it."""
    with tempfile.TemporaryDirectory() as work:
        json_path = os.path.join(work, "r.json")
        s = Stalled(program, [*RUN, "--duration", "1s", "--warmup", "0", "--json", json_path], work, terminal)
        try:
            if terminal:
                termios.tcflow(s.writer, termios.TCOOFF)
            await_that("a whole result file", lambda: is_whole(json_path), s.process)
            assert s.process.poll() is None, "it did not wait for the reader"
            if terminal:
                termios.tcflow(s.writer, termios.TCOON)
            said = s.read_all()
            s.await_status(0, 3)
            with open(json_path) as file:
                intervals = len(json.load(file)["intervals"])
            assert said.count(" packets/s ") == intervals, f"{said.count(' packets/s ')} lines of {intervals} intervals"
            assert "  verdict: " in said, said[-400:]
        finally:
            s.close()


def group_pipe(program):
    signals_end_the_run(program, False)
    two_signals(program, False)
    time_passes(program, False)


def group_terminal(program):
    signals_end_the_run(program, True)
    two_signals(program, True)
    time_passes(program, True)


def group_both(program):
    """stdout and stderr are one pipe: what is said keeps its order."""
    with tempfile.TemporaryDirectory() as work:
        s = Stalled(program, [*RUN, "--duration", "1s", "--warmup", "100ms"], work, errors_too=True)
        try:
            said = s.read_all()
            s.await_status(0, 3)
        finally:
            s.close()
    order = ["netdyno ", "run #1 start", "warm-up over", " packets/s ", "run #1 stop", ": measured ", "  verdict: "]
    at = [said.find(text) for text in order]
    assert -1 not in at and at == sorted(at), (at, said)


def group_dash(program):
    """A terminal that takes nothing: the dashboard ends, and leaves it as it was."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with tempfile.TemporaryDirectory() as work:
            path = os.path.join(work, "r.json")
            s = Stalled(program, ["dash", "null", "--json", path], work, terminal=True, size=(60, 200))
            try:
                fill(s)
                s.process.send_signal(number)
                s.await_status(130)
                assert is_whole(path), "the result file is not whole"
                assert termios.tcgetattr(s.writer)[:4] == s.before[:4], "the terminal is not as it was"
            finally:
                s.close()
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "r.json")
        s = Stalled(program, ["dash", "null", "--warmup", "0", "--duration", "3s", "--json", path], work, terminal=True, size=(60, 200))
        try:
            fill(s)
            await_that("the result of a run whose time is over", lambda: is_whole(path), s.process)
            os.write(s.reader, b"q")
            said = s.read_all()
            s.await_status(0, 3)
            assert "  verdict: " in said, said[-400:]
        finally:
            s.close()


def fill(s):
    """Has everything drawn again and again until the terminal is full."""
    def once_more():
        if not takes_something(s.writer):
            return True
        os.write(s.reader, b"\x0c")
        return False
    await_that("the terminal is full", once_more, s.process)


def main():
    program, group = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.environ.update({"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"})
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({"XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home})
        globals()["group_" + group](program)


main()
