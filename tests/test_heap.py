"""The memory that is taken from the C library."""

from __future__ import annotations

import ctypes
import re
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
    bytearray(20_000_000)
    kept.append(bytearray(1_000_000))
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
def test_all_threads_take_memory_from_one_pool_and_large_pieces_from_none(tmp_path: Path) -> None:
    pools, apart = {}, {}
    for whose in ("ours", "any"):
        told = tmp_path / whose
        subprocess.run([sys.executable, "-c", POOLS, told, whose], check=True)
        pools[whose] = told.read_text().count("<heap nr")
        apart[whose] = int(re.findall(r'<total type="mmap" count="(\d+)"', told.read_text())[0])
    assert pools["ours"] == 1
    assert pools["any"] > 1
    assert apart["ours"] > apart["any"], "a large piece goes back by itself, after a larger one too"
