"""The memory that is taken from the C library."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

POOLS = """
import ctypes, sys, threading
from smsmon import run as program

def run():
    kept = []
    threads = [threading.Thread(target=lambda: kept.append(bytearray(5_000))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    told = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
    libc.malloc_info(0, told)
    libc.fclose(told)
    return 0

program._run = run
program.main() if sys.argv[2] == "ours" else run()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="glibc alone tells")
def test_all_threads_of_the_program_take_memory_from_one_pool(tmp_path: Path) -> None:
    pools = {}
    for whose in ("ours", "any"):
        told = tmp_path / whose
        subprocess.run([sys.executable, "-c", POOLS, told, whose], check=True)
        pools[whose] = told.read_text().count("<heap nr")
    assert pools["ours"] == 1
    assert pools["any"] > 1
