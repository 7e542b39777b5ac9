"""The faults of the soak test: what is done, until when requests may fail for it, and when all is whole again."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
# pylint: disable=wrong-import-position
from nodes import HAPROXY, HAPROXY_FILE, UP_SECONDS, Balancer, ask, awaits  # noqa: E402
from reloading import metric, reload, replace  # noqa: E402
from servers import query  # noqa: E402

# Of a hundred faults or so. Those of one line are of one sort: while one heals, nothing else is done.
SHARES = {"kill node": 14, "restart node": 10, "pause node": 12, "rotate key": 5, "bad reload": 5,
          "lose primary": 6, "end backends": 10, "pause primary": 7,
          "kill broker": 8, "pause broker": 8, "no mail": 6, "reload balancer": 5}
# Until a request must be answered well again once the fault is over; what waited is asked again by then.
SETTLE_S = 3.0
# Seconds without a good answer, beyond the time for which something was made to stand still.
LONGEST_S = {"lose primary": 15.0, "pause primary": 12.0}
LONGEST_OTHERS_S = 5.0
LEAD_S = 5
RELOAD_SECONDS = 90  # an old worker stays for its callers' connections, 65 s at most
STEADY = 3  # the node that is neither killed nor restarted: its memory is looked at over the whole time


@dataclasses.dataclass
class Fault:
    kind: str
    what: str = ""
    began: float = 0.0
    served: float = 0.0      # when it was over for callers: they may fail until SETTLE_S later
    whole: float = 0.0       # when everything was as before; until then answers may be slow
    stood_s: float = 0.0     # for how long something was made to stand still

    def longest_s(self):
        return LONGEST_S.get(self.kind, LONGEST_OTHERS_S) + self.stood_s


class QuietBalancer(Balancer):
    """As Balancer, but reloads, and keeps of its log only which nodes are up: there are millions of requests."""

    def start(self):
        self.process = subprocess.Popen([HAPROXY, "-W", "-db", "-f", HAPROXY_FILE], env=self.environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        threading.Thread(target=self.read, daemon=True).start()
        self.awaits_answer()

    def awaits_answer(self):
        awaits(UP_SECONDS, lambda: ask(self.port, "/health/ready")[0] == 200, "an answer through HAProxy")

    def read(self):
        for line in self.process.stdout:
            if " is UP" in line or " is DOWN" in line:
                words = line.split()
                name = next((word.partition("/")[2] for word in words if word.startswith("nodes/")), "")
                self.changes.append((time.monotonic(), name, "UP" if " is UP" in line else "DOWN"))

    def workers(self):
        master = self.process.pid
        return pathlib.Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()

    def reload(self):
        """Returns when the worker of before is gone: until then it closes connections that callers keep."""
        old = self.workers()
        self.process.send_signal(signal.SIGUSR2)
        awaits(RELOAD_SECONDS, lambda: not set(old) & set(self.workers()), "the end of HAProxy's old worker")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


class Harm:
    """`kinds` are those that may happen; the first round has each of them once."""

    def __init__(self, stage, chance, kinds):
        self.stage, self.chance, self.kinds = stage, chance, kinds
        self.done, self.complaints = [], []
        self.first = list(kinds)
        chance.shuffle(self.first)
        self.clients = stage.nodes.deployment.directory / "clients.json"

    def next_kind(self):
        if self.first:
            return self.first.pop()
        return self.chance.choices(self.kinds, [SHARES[kind] for kind in self.kinds])[0]

    def strike(self, kind):
        fault = Fault(kind, began=time.monotonic())
        self.stage.current = fault
        getattr(self, kind.replace(" ", "_"))(fault)
        self.await_served()
        fault.whole = time.monotonic()
        fault.served = fault.served or fault.whole
        self.done.append(fault)
        self.stage.current = None
        return fault

    def await_served(self):
        for node in self.stage.nodes.all:
            if node.has_ended():
                self.complaints.append(f"{node.name} ended by itself with {node.process.returncode}; see"
                                       f" {node.log.name}")
                node.start()
            node.await_ready()

    def nap(self, least, most):
        """How long something stays as it is, which is the random part; nothing is awaited."""
        seconds = self.chance.uniform(least, most)
        time.sleep(seconds)
        return seconds

    def a_node(self, among):
        number = self.chance.choice(among)
        return number, self.stage.nodes.all[number - 1]

    def mortal(self):
        return [number for number in range(1, len(self.stage.nodes.all) + 1) if number != STEADY]

    # ---- nodes -----------------------------------------------------------------------------------------------
    def kill_node(self, fault):
        number, node = self.a_node(self.mortal())
        fault.what = f"node{number}"
        node.kill()
        killed = time.monotonic()
        fault.served = killed + 1  # HAProxy finds that out by connections that are refused
        self.nap(0.5, 3)
        node.start()
        node.await_ready()
        self.stage.balancer.awaits_up(f"node{number}", killed)

    def restart_node(self, fault):
        number, node = self.a_node(self.mortal())
        fault.what = f"node{number}"
        status = node.stop()
        ended = time.monotonic()
        if status != 0:
            self.complaints.append(f"node{number} ended with {status} when it was asked to")
        node.start()
        node.await_ready()
        self.stage.balancer.awaits_up(f"node{number}", ended)

    def pause_node(self, fault):
        number, node = self.a_node(range(1, len(self.stage.nodes.all) + 1))
        node.pause()
        try:
            fault.stood_s = self.nap(1, 8)
        finally:
            node.resume()
        fault.what = f"node{number}, {fault.stood_s:.1f} s"
        self.await_served()

    def rotate_key(self, fault):
        deployment = self.stage.nodes.deployment
        deployment.run("keys", "rotate", "token-signing", "--lead-seconds", str(LEAD_S),
                       KEYLEDGER_DATABASE_URL=deployment.service_url)
        self.reload_all(0)
        fault.what = "token-signing"

    def bad_reload(self, fault):
        good = self.clients.read_text(encoding="utf-8")
        replace(self.clients, good[:-9])
        try:
            self.reload_all(1)
        finally:
            replace(self.clients, good)
        self.reload_all(0)
        fault.what = "clients file cut off"

    def reload_all(self, failed):
        for node in self.stage.nodes.all:
            reload(node)
            if metric(node, "keyledger_reload_failed") != failed:
                self.complaints.append(f"{node.name}: keyledger_reload_failed is not {failed} after a SIGHUP")

    # ---- the database ----------------------------------------------------------------------------------------
    def lose_primary(self, fault):
        took = self.stage.postgres.fail_over()
        self.await_served()
        fault.served = time.monotonic()
        self.stage.postgres.make_synchronous()
        fault.what = (f"promoted after {took:.1f} s, nodes ready after {fault.served - fault.began:.1f} s, a new"
                      f" standby after {time.monotonic() - fault.began:.0f} s")

    def end_backends(self, fault):
        deployment = self.stage.nodes.deployment
        pids = deployment.backends()
        chosen = self.chance.sample(pids, min(len(pids), self.chance.randint(1, 12)))
        if chosen:
            query(deployment.servers.database_url, "select pg_terminate_backend(pid) from unnest(array["
                  + ",".join(map(str, chosen)) + "]) as pid")
        fault.what = f"{len(chosen)} of {len(pids)} sessions"

    def pause_primary(self, fault):
        stopped = self.stage.postgres.primary.pause()
        try:
            fault.stood_s = self.nap(1, 6)
        finally:
            for pid in reversed(stopped):
                os.kill(pid, signal.SIGCONT)
        fault.what = f"{fault.stood_s:.1f} s"
        self.await_served()

    # ---- what is beside --------------------------------------------------------------------------------------
    def kill_broker(self, fault):
        number = self.chance.randint(1, 3)
        self.stage.kafka.kill_broker(number)
        self.nap(1, 6)
        self.stage.kafka.start_broker(number)
        self.stage.kafka.await_in_sync()
        fault.what = f"broker {number}"

    def pause_broker(self, fault):
        number = self.chance.randint(1, 3)
        pid = int((self.stage.kafka.folder(number) / "pid").read_text(encoding="ascii").split()[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            fault.stood_s = self.nap(2, 10)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.stage.kafka.await_in_sync()
        fault.what = f"broker {number}, {fault.stood_s:.1f} s"

    def no_mail(self, fault):
        self.stage.mailbox_script("stop")
        seconds = self.nap(3, 12)
        self.stage.mailbox_script("start")
        fault.what = f"{seconds:.1f} s"

    def reload_balancer(self, fault):
        self.stage.balancer.reload()
        self.stage.balancer.awaits_answer()
        fault.what = "SIGUSR2"
