#!/usr/bin/env python3
"""Fails each allocation and each call of the data path and of file writing once, in runs of each mode
and role, on the dashboard, in sweeps and in open, and demands an end: an exit status that is no crash
within 5 s of the usual time, a line that says why where it failed, files that are whole, and no
descriptor or mapped memory left when it ends.  Then short sessions of the dashboard, in which nothing
fails: each comes to its end.

torture.py PROGRAM FAIL.SO [--seconds S] [--seed N] [--only SCENARIO] [--classes CLASS...] [--at CLASS N] [--sessions N]

Without --seconds every call is failed; with it a sample of so many seconds.  FAIL.SO may be - where there
are only sessions (the sanitizers have their own malloc)."""
import argparse, collections, glob, json, os, pty, random, re, select, shutil, signal, subprocess, sys, tempfile, time

CLASSES = ["memory", "files", "sockets", "waits"]
GRACE_S = 5.0
SESSIONS = 2000
SESSION_S = 30.0
RUN = "--duration 100ms --warmup 0 --interval 100ms --cores 1".split()
# Said by the end that they are about, and refused at the other one.
OF_ROLE = {("stream", "server"): ["--threads", "1"], ("stream", "client"): ["--threads", "1"],
           ("chat", "client"): ["--conns", "4"], ("fanout", "server"): ["--readers", "4"]}
OUT = "--json r.json --jsonl r.jsonl --csv r.csv".split()


def scenarios():
    both = {
        "null": ["run", "null", *RUN, *OUT],
        "echo": ["run", "echo", *RUN, *OUT],
        "echo-single": ["run", "echo", "--method", "single", "--rate", "1000", *RUN, "--json", "-"],
        "stream": ["run", "stream", "--threads", "1", *RUN, *OUT],
        "stream-zero": ["run", "stream", "--method", "zero-copy", "--reverse", "--threads", "1", *RUN, "--jsonl", "-"],
        "chat": ["run", "chat", "--conns", "4", *RUN, *OUT],
        "fanout": ["run", "fanout", "--readers", "4", *RUN, *OUT],
        "capture": ["run", "echo", *RUN, "--capture", "c.pcap", "--json", "r.json"],
        "dash": ["dash", "null", "--duration", "100ms", "--warmup", "0", *OUT],
        "dash-echo": ["dash", "echo", *RUN, "--json", "r.json"],
        "open": ["open", "saved.json"],
        "sweep": ["sweep", "null", "--rate", "1000,2000,3000", "--repeat", "1", *RUN, "--out", "s", "--plain"],
    }
    for mode in ("echo", "stream", "chat", "fanout"):
        for role in ("server", "client"):
            both[f"{mode}-{role}"] = ["run", mode, "--role", role, *OF_ROLE.get((mode, role), []), *RUN, "--json", "r.json"]
    return both


class Torture:
    def __init__(self, program, library):
        self.program, self.library = os.path.abspath(program), os.path.abspath(library)
        self.failures, self.runs, self.sessions, self.by_status = [], 0, 0, collections.Counter()
        self.work = tempfile.mkdtemp(prefix="netdyno-torture-")
        self.env = {**os.environ, "XDG_CONFIG_HOME": self.work, "XDG_DATA_HOME": os.path.join(self.work, "data"),
                    "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "PATH": os.path.join(self.work, "nothing")}
        self.far = {}
        self.usual_s = {}
        self.saved = os.path.join(self.work, "saved.json")
        subprocess.run([self.program, "run", "null", *RUN, "--json", self.saved], env=self.env, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        for process, _ in self.far.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    def other_end(self, name, argv):
        """Servers for clients, and clients for servers, that are not tortured."""
        mode, _, role = name.rpartition("-")
        if role not in ("server", "client"):
            return []
        port = 20000 + abs(hash((name, os.getpid()))) % 20000
        if role == "server":
            return ["--port", str(port)]
        if name not in self.far or self.far[name][0].poll() is not None:
            other = [self.program, "run", mode, "--role", "server", *OF_ROLE.get((mode, "server"), []), "--cores", "1",
                     "--duration", "0", "--port", str(port)]
            self.far[name] = (subprocess.Popen(other, env=self.env, cwd=self.work, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL), port)
            time.sleep(0.5)
        return ["--port", str(self.far[name][1])]

    def start(self, name, argv, klass, at, directory):
        env = {**self.env, "LD_PRELOAD": self.library, "TORTURE_CLASS": klass, "TORTURE_AT": str(at),
               "TORTURE_COUNT": os.path.join(directory, "count")}
        words = [self.program, *argv, *self.other_end(name, argv)]
        if not name.startswith("dash"):
            with open(os.path.join(directory, "out"), "wb") as out, open(os.path.join(directory, "err"), "wb") as err:
                return subprocess.Popen(words, env=env, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=err), None
        primary, terminal = pty.openpty()
        process = subprocess.Popen(words, env=env, cwd=directory, stdin=terminal, stdout=terminal, stderr=terminal,
                                   start_new_session=True)
        os.close(terminal)
        return process, primary

    def wait(self, process, primary, limit_s):
        """Returns what a terminal got; q is pressed after a while."""
        began, said, pressed = time.monotonic(), b"", 0.0
        while process.poll() is None and time.monotonic() - began < limit_s:
            if primary is None:
                try:
                    process.wait(0.2)
                except subprocess.TimeoutExpired:
                    pass
                continue
            if select.select([primary], [], [], 0.02)[0]:
                try:
                    said += os.read(primary, 65536)
                except OSError:
                    break
            if time.monotonic() - began > 0.5 and time.monotonic() - pressed > 0.2:
                pressed = time.monotonic()
                try:
                    os.write(primary, b"q")
                except OSError:
                    break
        if primary is not None:
            try:
                process.wait(max(0.1, limit_s - (time.monotonic() - began)))
            except subprocess.TimeoutExpired:
                pass
            while select.select([primary], [], [], 0)[0]:
                try:
                    more = os.read(primary, 65536)
                except OSError:
                    break
                if not more:
                    break
                said += more
            os.close(primary)
        return said

    def once(self, name, argv, klass, at):
        directory = tempfile.mkdtemp(dir=self.work)
        if name == "open" and os.path.exists(self.saved):
            shutil.copy(self.saved, os.path.join(directory, "saved.json"))
        began = time.monotonic()
        process, primary = self.start(name, argv, klass, at, directory)
        said = self.wait(process, primary, self.usual_s.get(name, 10) + GRACE_S)
        took_s = time.monotonic() - began
        hung = process.poll() is None
        if hung:
            process.kill()
            process.wait()
        self.runs += 1
        note = self.read(directory, "count")
        text = said.decode(errors="replace") if primary is not None else self.read(directory, "err")
        failed = re.search(r"failed (\w+)", note)
        calls = re.search(r"calls (\d+)", note)
        left = re.search(r"left (.*)", note)
        wrong = self.judge(process.returncode, hung, text, directory, failed and failed.group(1))
        # ncurses ends the process itself where it has no memory.
        if left and not wrong and ": Out of memory" not in text:
            wrong = f"leaks: {left.group(1)}"
        if not at and not wrong and process.returncode not in (0, 3):
            wrong = f"status {process.returncode} although nothing failed"
        if not at:
            self.usual_s[name] = max(took_s, self.usual_s.get(name, 0))
        self.by_status[process.returncode] += 1
        if wrong:
            self.failures.append((name, klass, at, failed.group(1) if failed else "?", wrong))
            last = [line for line in text.splitlines() if line.strip()][-1:] or [""]
            print(f"FAIL {name} {klass} {at} ({failed.group(1) if failed else '?'}): {wrong}; {last[0][-160:]}", flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        return int(calls.group(1)) if calls else 0

    def session(self, rng):
        """The dashboard for a moment; keys come at any time, also before the first frame."""
        primary, terminal = pty.openpty()
        words = [self.program, "dash", "null", "--seed", str(rng.randrange(1000)), "--cores", "1", "--warmup", rng.choice(["0", "1s"])]
        process = subprocess.Popen(words, env=self.env, cwd=self.work, stdin=terminal, stdout=terminal, stderr=terminal,
                                   start_new_session=True)
        os.close(terminal)
        began, leave_s, said = time.monotonic(), rng.choice([0, 0.02, 0.1, 0.3]) * rng.random(), b""
        keys = rng.choice([b"q", b"mq", b" q", b"r\x03", b"c q"])
        while process.poll() is None and time.monotonic() - began < SESSION_S:
            if select.select([primary], [], [], 0.01)[0]:
                try:
                    said += os.read(primary, 65536)
                except OSError:
                    break
            if said and time.monotonic() - began > leave_s:
                try:
                    os.write(primary, keys[:1])
                except OSError:
                    break
                keys = keys[1:] or b"q"
                leave_s += 0 if len(keys) > 1 else 0.3
        wrong = None
        try:
            process.wait(max(0.1, SESSION_S - (time.monotonic() - began)))
        except subprocess.TimeoutExpired:
            wrong = "hangs: " + self.where(process.pid)
            process.kill()
            process.wait()
        os.close(primary)
        self.sessions += 1
        if not wrong and process.returncode not in (0, 3):
            wrong = f"status {process.returncode}; {said[-300:]}"
        if wrong:
            self.failures.append(("session", "", 0, "", wrong))
            print(f"FAIL session {' '.join(words[2:])}: {wrong}", flush=True)

    @staticmethod
    def where(pid):
        """The calls that the threads are in, and the stacks where there is a debugger."""
        threads = []
        for task in sorted(glob.glob(f"/proc/{pid}/task/*")):
            try:
                threads.append("/".join(open(os.path.join(task, name)).read().strip() for name in ("comm", "wchan", "syscall")))
            except OSError:
                pass
        try:
            stacks = subprocess.run(["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt"], check=False, text=True,
                                    capture_output=True, timeout=60).stdout
        except (OSError, subprocess.TimeoutExpired):
            stacks = ""
        return "; ".join(threads) + "\n" + stacks

    @staticmethod
    def read(directory, name):
        try:
            with open(os.path.join(directory, name), errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def judge(self, status, hung, text, directory, failed):
        if hung:
            return "hangs"
        if status < 0:
            return f"died of {signal.Signals(-status).name}"
        if status not in (0, 1, 2, 3, 130):
            return f"status {status}"
        # The last is what ncurses says before it ends the process.
        if status == 1 and not re.search(r"netdyno: |failed: |! |: Out of memory", text):
            return "failed without a word"
        return self.judge_files(directory, failed)

    @staticmethod
    def judge_files(directory, failed):
        # What cannot be removed stays; the next run to the same name tries again.
        for path in glob.glob(os.path.join(directory, "**", ".*"), recursive=True) if failed != "unlink" else ():
            return f"left behind: {os.path.basename(path)}"
        for path in glob.glob(os.path.join(directory, "**", "*"), recursive=True):
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            try:
                if path.endswith(".json"):
                    json.loads(data)
                elif path.endswith(".jsonl"):
                    if data and not data.endswith(b"\n"):
                        return f"torn: {os.path.basename(path)}"
                    for line in data.splitlines():
                        json.loads(line)
                elif path.endswith(".csv") and data and not data.endswith(b"\n"):
                    return f"torn: {os.path.basename(path)}"
            except ValueError:
                return f"torn: {os.path.basename(path)}"
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--classes", nargs="+", default=CLASSES)
    parser.add_argument("--at", nargs=2)
    parser.add_argument("--sessions", type=int)
    options = parser.parse_args()
    if options.sessions is None:
        options.sessions = min(SESSIONS, int(options.seconds)) if options.seconds else SESSIONS
    torture, rng = Torture(options.program, options.library), random.Random(options.seed)
    chosen = {n: a for n, a in scenarios().items() if not options.only or options.only == n}
    began = time.monotonic()
    try:
        if options.library == "-":
            pass
        elif options.at:
            for name, argv in chosen.items():
                torture.once(name, argv, options.at[0], int(options.at[1]))
        else:
            slots = []
            pairs = [(name, argv, klass) for name, argv in chosen.items() for klass in options.classes]
            if options.seconds:
                rng.shuffle(pairs)
            for name, argv, klass in pairs:
                if options.seconds and time.monotonic() - began > options.seconds * 0.4:
                    break
                count = torture.once(name, argv, klass, 0)
                calls = range(1, count + 1)
                if options.seconds and count > 40:
                    calls = rng.sample(calls, 40)
                slots += [(name, argv, klass, at) for at in calls]
            rng.shuffle(slots) if options.seconds else None
            for slot in slots:
                if options.seconds and time.monotonic() - began > options.seconds:
                    break
                torture.once(*slot)
        for _ in range(0 if options.only or options.at else options.sessions):
            torture.session(rng)
    finally:
        torture.close()
    status = ", ".join(f"{n} with status {s}" for s, n in sorted(torture.by_status.items()))
    print(f"torture: {torture.runs} runs ({status}), {torture.sessions} sessions, {len(torture.failures)} failures, "
          f"{time.monotonic() - began:.0f} s")
    return 1 if torture.failures else 0


if __name__ == "__main__":
    sys.exit(main())
