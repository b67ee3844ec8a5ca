"""Stale keys refreshed by django-cacheback on Celery over a Redis: how many a second from a backlog, and how soon a single one.

The module is the program that measures, the settings, and what Celery's worker imports.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import django
import redis
from celery import Celery
from django.conf import settings

URL = os.environ.get("PEER_REDIS", "redis://127.0.0.1:1/0")
LIFETIME_SECONDS = 3600

if not settings.configured:
    settings.configure(
        INSTALLED_APPS=["cacheback"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": URL}},
        # Both spare it work that Freshen does not do either.
        CACHEBACK_TASK_IGNORE_RESULT=True,
        CACHEBACK_VERIFY_CACHE_WRITE=False,
    )
    django.setup()

from cacheback.base import Job  # noqa: E402, it reads the settings

app = Celery("refreshes", broker=URL)
app.conf.update(imports=["cacheback.tasks"], worker_prefetch_multiplier=64)


class Nothing(Job):
    """A job that does nothing."""

    lifetime = LIFETIME_SECONDS

    @property
    def class_path(self):
        # The program itself runs as `__main__`, which a worker cannot import.
        return "refreshes.Nothing"

    def key(self, number):
        return f"nothing:{number}"

    def fetch(self, number):
        return "new"

    def expire(self, number):
        self.store(self.key(number), time.time() - 1, "old")

    def stored_at(self, number):
        """When its refresh was stored; nothing, if it was not."""
        expiry, value = self.raw_get(number)
        return expiry - LIFETIME_SECONDS if value == "new" else None


@contextmanager
def server():
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        command = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def worker(at_once):
    command = [sys.executable, "-m", "celery", "-A", "refreshes", "worker", "-c", str(at_once), "-l", "ERROR"]
    flags = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    here = os.path.dirname(os.path.abspath(__file__))
    process = subprocess.Popen(command + flags, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def wait_for(job, numbers, limit_seconds=300):
    """When each was stored."""
    until = time.time() + limit_seconds
    while time.time() < until:
        stored = [job.stored_at(number) for number in numbers]
        if None not in stored:
            return stored
        time.sleep(0.2)
    raise SystemExit(f"not all of {len(numbers)} keys were refreshed within {limit_seconds} s")


def backlog(job, keys, at_once):
    """Refreshes a second, from the first that is stored to the last: a worker's start is not counted."""
    for number in range(keys):
        job.expire(number)
        job.get(number)
    waiting = redis.Redis.from_url(URL)
    if waiting.llen("celery") != keys:
        # Where a task cannot be pushed, cacheback refreshes at once.
        raise SystemExit(f"{waiting.llen('celery')} tasks of {keys} were pushed")
    with worker(at_once):
        while waiting.llen("celery") > 0:
            time.sleep(0.2)
        stored = wait_for(job, range(keys))
    return (keys - 1) / (max(stored) - min(stored))


def stream(job, first, count, at_once):
    """What each of a hundred a second takes from its read until its refresh is stored, in milliseconds."""
    with worker(at_once):
        job.expire(first - 1)
        job.get(first - 1)
        wait_for(job, [first - 1])
        asked = []
        for number in range(first, first + count):
            job.expire(number)
            asked.append(time.time())
            job.get(number)
            time.sleep(max(0, asked[0] + len(asked) * 0.01 - time.time()))
        stored = wait_for(job, range(first, first + count))
    return sorted((end - begin) * 1000 for begin, end in zip(asked, stored))


def measure(arguments):
    job = Nothing()
    rates, middles = [], []
    for number in range(arguments.rounds):
        rates.append(backlog(job, arguments.keys, arguments.workers))
        waits = stream(job, (number + 1) * 10_000_000, 500, arguments.workers)
        middles.append((statistics.median(waits), waits[len(waits) * 99 // 100]))
    p50, p99 = min(middles, key=lambda wait: abs(wait[0] - statistics.median(wait[0] for wait in middles)))
    print(f"a backlog of {arguments.keys}, {arguments.workers} processes {statistics.median(rates):>11.0f} a second")
    print(f"100 a second, read to stored {p50:>20.1f} ms p50 {p99:>9.1f} ms p99")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes of Celery's worker")
    arguments = parser.parse_args()
    if "PEER_REDIS" in os.environ:
        return measure(arguments)
    with server() as url:
        # Settings are read when the module is imported, so it begins again with the server known.
        environment = {**os.environ, "PEER_REDIS": url, "PYTHONDONTWRITEBYTECODE": "1"}
        again = subprocess.run([sys.executable, *sys.argv], env=environment, check=False)
        sys.exit(again.returncode)


if __name__ == "__main__":
    main()
