"""A load of orders and somebody who kills at random while they are worked off."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from tests.faults.ledger import Order, Verdict, account
from tests.faults.rig import Rig, Tree, kill_quietly, until
from tests.faults.size import Dice

VICTIMS = ("horse", "horse", "horse", "worker", "worker", "relay", "root")
LAST_WAIT = 180.0


@dataclass
class Campaign:
    """Orders are published while processes die; in the end the ledger is read."""

    rig: Rig
    dice: Dice
    promise: Callable[..., None]
    slow_ms: int = 250
    published: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    def publish(self, count: int) -> None:
        """So many orders more, each working for a random time before and after its receipt."""
        chance = self.dice.source
        for _ in range(count):
            self.published += 1
            self.promise(
                Order(
                    number=self.published,
                    before_ms=chance.randrange(self.slow_ms),
                    after_ms=chance.randrange(self.slow_ms),
                )
            )

    def kill_somebody(self) -> None:
        """Wait for a running job, a moment longer, and kill a random process of a random tree."""
        trees = [tree for tree in self.rig.trees if tree.is_running]
        until(lambda: any(tree.horses() for tree in trees), within=60, what="somebody works")
        time.sleep(self.dice.source.random() * 0.2)
        tree = self.dice.source.choice(trees)
        kind = self.dice.source.choice(VICTIMS)
        for victim in self._victims(tree, kind):
            if kill_quietly(victim):
                self.kills[kind] += 1
                break
        if not tree.is_running or kind == "root":
            with contextlib.suppress(Exception):
                tree.process.wait(5)
            self.rig.tree()

    def _victims(self, tree: Tree, kind: str) -> list[psutil.Process]:
        children = tree.relay_and_workers()
        found = {
            "horse": tree.horses(),
            "worker": [child for child in children if _has_child(child)] or children[1:],
            "relay": children[:1],
            "root": [tree.root],
        }[kind]
        self.dice.source.shuffle(found)
        return found

    def run(self, *, orders: int, kills: int) -> Verdict:
        """Publish in portions, kill in between, wait until all is settled, and read the ledger."""
        portion = max(orders // 10, 5)
        while sum(self.kills.values()) < kills or self.published < orders:
            if self.published < orders or self._open() < portion:
                self.publish(portion)
            if sum(self.kills.values()) < kills:
                self.kill_somebody()
        self.rig.settled(within=LAST_WAIT)
        with self.rig.rows() as rows:
            return account(rows)

    def _open(self) -> int:
        return self.rig.count("SELECT count(*) FROM deliveries WHERE state = 'open'")


def _has_child(process: psutil.Process) -> bool:
    try:
        return bool(process.children())
    except psutil.Error:
        return False
