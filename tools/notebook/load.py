"""Asks a URL again and again until its standard input ends, 2,000 times at least, each on a connection of its own; says what failed.

Usage: python3 -c THIS URL. Ends with 1 where anything failed.
"""

import collections
import http.client
import sys
import threading
import time
import urllib.parse

LEAST, A_SECOND, TOGETHER = 2000, 100, 8
url = urllib.parse.urlsplit(sys.argv[1])
outcomes, lock, ended = collections.Counter(), threading.Lock(), threading.Event()


def ask() -> str:
    """One request: the status, or what went wrong."""
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
    try:
        connection.request("GET", url.path)
        return str(connection.getresponse().status)
    except OSError as error:
        return type(error).__name__
    finally:
        connection.close()


def work(number: int) -> None:
    """One of those who ask."""
    due = time.monotonic() + number / A_SECOND
    while not (ended.is_set() and sum(outcomes.values()) >= LEAST):
        time.sleep(max(0.0, due - time.monotonic()))
        outcome = ask()
        with lock:
            outcomes[outcome] += 1
        due += TOGETHER / A_SECOND


workers = [threading.Thread(target=work, args=[number]) for number in range(TOGETHER)]
for each in workers:
    each.start()
sys.stdin.read()
ended.set()
for each in workers:
    each.join()
failed = sum(outcomes.values()) - outcomes["200"]
print(f"{sum(outcomes.values())} requests, {failed} failed {dict(outcomes) if failed else ''}")
sys.exit(failed > 0)
