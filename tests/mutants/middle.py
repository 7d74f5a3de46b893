"""Where mistakes are put, and which tests may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


class Middle:
    """The pure middle: what decides, without a screen, a disk or a network."""

    MODULES = (
        "smsmon/{alerts,alignment,batch,countries,departures,holds,in_short}.py",
        "smsmon/{known,merging,model,moments,patterns,recipients,secret,shapes}.py",
        "smsmon/{spreadsheet,tags,text,times,toml_lines}.py",
        "smsmon/{filters,groups,monitor,phones,ranges,store/idlist}/**/*.py",
        "smsmon/alerting/{ledger,looking,telling,ways}.py",
        "smsmon/api/{batches,decode,decode_json,decode_xml,envelope,errors,masking,rows}.py",
        "smsmon/commands/{check/measures,plugin,recorded,status_rows}.py",
        "smsmon/console/{head,reasons,totals}.py",
        "smsmon/console/live_table/order.py",
        "smsmon/console/terminal/[ci]*.py",
        "smsmon/egress/slices.py",
        "smsmon/metrics/{families,tally}.py",
        "smsmon/service/health.py",
        "smsmon/sources/{arrived,followed,standing}.py",
        "smsmon/store/{arrivals,entries,past,shares,watchlist_format}.py",
        "smsmon/store/sql/{batch,columns,happenings,recording}.py",
        "smsmon/targets/{__init__,wording}.py",
    )
    TESTS = (
        "tests/{alerting,api,egress,filters,groups,metrics,monitor}/**/test_*.py",
        "tests/{service,sources,store,targets}/**/test_*.py",
        "tests/test_*.py",
        "tests/cli/test_{check,oneline,recorded_rows}.py",
        "tests/console/test_{cells,head,line,totals}.py",
        "tests/console/alerts/test_words.py",
        "tests/console/live_table/test_view.py",
        "tests/console/terminal/test_[ci]*.py",
    )
    """All who may see a mistake. Those of the commands start the program that is installed, in
    which there is none."""
    RIM = (
        "tests/api/test_{address,desync,kept,key,key_leaks,proxy,resolver}.py",
        "tests/monitor/test_size.py",
        "tests/service/test_systemd.py",
        "tests/sources/test_running.py",
        "tests/store/test_{alerts_alike,copying}.py",
        "tests/store/local/test_{damage,disturbed,kill,lease,trouble}.py",
        "tests/store/team/test_*.py",
        "tests/targets/test_{command,doctor,sending}.py",
        "tests/test_{bounds,crash,heap,leaving,map,pictures,programs}.py",
        "tests/test_{sharing_parts,team_live,window}.py",
    )
    """But for these: of sockets, processes and disks that fail, which take long."""


def all_modules() -> list[str]:
    """The files of the middle. Raises ValueError where a pattern fits none."""
    return sorted({*_files(Middle.MODULES)})


def all_tests() -> list[str]:
    """The files of tests that may see a mistake. Raises ValueError where a pattern fits none."""
    return sorted({*_files(Middle.TESTS)} - {*_files(Middle.RIM)})


def _files(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        before, _, rest = pattern.partition("{")
        names, _, behind = rest.partition("}")
        for name in names.split(","):
            found = sorted(map(str, Path().glob(f"{before}{name}{behind}")))
            if not found:
                raise ValueError(f"nothing is called {before}{name}{behind} any more")
            yield from found
