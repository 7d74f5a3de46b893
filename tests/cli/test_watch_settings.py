"""A `watch` that runs takes a changed config.toml over, or says why not."""

from __future__ import annotations

import signal
import subprocess

from tests.cli.program import TIMEOUT, Program


def test_a_watch_takes_a_changed_config_over(program: Program) -> None:
    program.run("add", "300")
    config = program.home / "config.toml"
    config.write_text("[polling]\nbudget = 100\n")
    watch = subprocess.Popen(
        program.argv("watch", "--for", f"{TIMEOUT}s"),
        env=program.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watch.stdout is not None
    assert watch.stderr is not None
    try:
        assert "first_read" in watch.stdout.readline()
        assert "asks the API" in watch.stderr.readline()
        for text, said in (
            ("[polling]\nbudget = 90\n", "smsmon: config.toml was read anew: polling.budget.\n"),
            (
                "[polling]\nbudget = 0\n",
                "smsmon: config.toml was changed and is not used as it is: line 2: polling.budget"
                " must be a whole number from 1 to 2000.\n",
            ),
            (
                '[alerts.a]\nwhen = "waiting>5"\n',
                "smsmon: config.toml was read anew: polling.budget, alerts.a.\n",
            ),
        ):
            config.write_text(text)
            assert watch.stderr.readline() == said
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(TIMEOUT) == 143
    finally:
        watch.kill()
        watch.communicate()
