"""The one thread that writes the history: what is recorded queues up for it.

Nothing that uses it waits for a disk or a server. While the disk is full, or the database locked or
out of reach, what was recorded waits here, bounded, and is written as soon as possible.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from smsmon.clock import Clock
from smsmon.known import Key
from smsmon.store.base import Listener, Outdated
from smsmon.store.errors import StoreError
from smsmon.store.sql.batch import Batch, write, write_apart
from smsmon.store.sql.database import Connection, Keeper
from smsmon.store.sql.fence import Fence, Superseded
from smsmon.store.sql.queue import FOLLOWING, Queue
from smsmon.store.sql.recording import Recording
from smsmon.text import SENTENCE_LIMIT, safe

LOOK_EVERY = 2.0
"""Seconds between two looks whether the database is still in its place, when nothing is written."""
_REPORT_IT = "All else is recorded; please report this."


class HistoryWriter(Queue):
    """The writing half of a ``HistoryStore``.

    ``listener`` is called in the writer's thread: with a ``StoreError`` when writing begins to
    fail (or with ``Damaged`` when a broken database was set aside and a new one begun), with
    None when it works again. ``anew`` is called there when the database is another one, or may
    have lost something: have all that is known recorded, by ``restate``. ``outdated`` is called
    there with the messages of which the database knew something newer than was recorded here:
    nothing of that was written.
    """

    def __init__(
        self,
        keeper: Keeper,
        alone: Fence,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        """``alone`` is what it records by until it is told who polls."""
        super().__init__(alone, clock)
        self._keeper = keeper
        self._listener = listener
        self._done, self._tried = 0, 0
        """How much was committed, and was tried in vain at the last attempt."""
        self._closing = False
        self._trouble: StoreError | None = None
        self._thread = threading.Thread(target=self._run, name="history-writer", daemon=True)
        self._recording: Recording | None = None
        """What is known of the database that is open."""
        self._anew: Callable[[], object] = lambda: None
        self._outdated: Outdated = lambda _: None
        self._last_event = 0

    def begin(
        self,
        anew: Callable[[], object] = lambda: None,
        outdated: Outdated = lambda _: None,
    ) -> None:
        """Begin to write. What was recorded before waits until then."""
        self._anew, self._outdated = anew, outdated
        self._thread.start()

    @property
    def trouble(self) -> StoreError | None:
        return self._trouble

    @property
    def looks_only(self) -> bool:
        return self._keeper.looks_only

    @property
    def last_event(self) -> int:
        return self._last_event

    def fence(self) -> Fence:
        """What we record by, begun by now. Blocks.

        Raises ``Superseded`` when another process polls, ``StoreError`` when it cannot be begun.
        """
        with self._wake:
            fence = self._fence
        if fence is not None and fence.must_begin:
            self.write_out()
        if fence is None or fence.must_begin:
            raise Superseded
        return fence

    def write_out(self, timeout: float = 10.0) -> None:
        """Wait until all that was recorded before is committed.

        Raises ``StoreError`` when one more try fails or takes longer than ``timeout`` seconds;
        what waits is kept and tried again.
        """
        with self._wake:
            wanted, self._tried = self._taken, -1
            if self._done < wanted:  # also when the polls since brought nothing to write
                self._hurry = True
                self._wake.notify_all()
            self._wake.wait_for(lambda: max(self._done, self._tried) >= wanted, timeout)
            if self._done >= wanted:
                return
            raise self._trouble or StoreError(
                self._keeper.place, f"not written within {timeout:g} s", "Look at the load there."
            )

    def end(self, timeout: float = 5.0) -> None:
        """Write what waits and stop. Raises ``StoreError`` when that does not succeed in time."""
        try:
            if self._thread.is_alive():
                self.write_out(timeout)
        finally:
            with self._wake:
                self._closing = True
                self._wake.notify_all()
            if self._thread.is_alive():
                self._thread.join(timeout)

    # --- the writer's own thread ---------------------------------------------------------

    def _run(self) -> None:
        failed: Batch | None = None
        failed_in: Fence | None = None
        failures = 0
        written = time.monotonic()
        while True:
            with self._wake:
                if failed is None:
                    self._wake.wait_for(self._has_work, min(LOOK_EVERY, self._reads_every))
                    soon = written + self._keeper.apart - time.monotonic()
                    self._wake.wait_for(lambda: self._closing or self._hurry, max(0.0, soon))
                else:
                    self._wake.wait_for(self._may_try_again, self._keeper.pause(failures))
                if self._closing:
                    break
                taken, fence, batch = self._done, self._fence, Batch()  # only a look
                due = time.monotonic() - written >= self._reads_every
                if failed is not None or due or self._has_work():
                    taken, batch, self._batch = self._taken, self._batch, batch
                    self._hurry, written = False, time.monotonic()
            arrived, error = (False, None) if failed is None else self._find_out()
            if failed is not None and not arrived:
                batch = (failed if failed_in is fence else failed.without_polls()).then(batch)
            error = error or self._attempt(batch, fence)
            if error is not None:
                error = self._again(error, batch, fence)
            self._tell(error)
            with self._wake:
                if error is None:
                    failed, failures, self._done = None, 0, taken
                    batch = Batch()  # nothing of what is written is kept until more comes
                else:
                    failures += 1
                    failed, failed_in, self._tried = batch, fence, taken
                self._wake.notify_all()
        self._keeper.close()

    def hurry(self) -> None:
        """Try now what was tried in vain. From any thread."""
        with self._wake:
            self._hurry = True
            self._wake.notify_all()

    def _may_try_again(self) -> bool:
        return self._closing or self._hurry

    def _has_work(self) -> bool:
        return self._closing or self._hurry or self._batch.pressing

    def _attempt(self, batch: Batch, fence: Fence | None) -> StoreError | None:
        """Write ``batch`` as one transaction; what came in the way, if anything did."""
        try:
            connection = self._keeper.connected(self)
            if self._recording is None or self._recording.connection is not connection:
                self._recording = Recording(connection)
            if fence is not None and fence.must_begin:
                fence.begin(connection)
            if self._keeper.looks_only:
                batch.wishes.clear()
            if not batch.empty:
                self._write(connection, self._recording, batch, fence)
        except Superseded:
            self._superseded(fence)
        except StoreError as error:
            return self._failed(error)
        except self._keeper.errors as error:
            return self._failed(self._keeper.said(error))
        for key in batch.forgotten:
            self._revisions.pop(key, None)
            if self._recording is not None:
                self._recording.forget(key)
        return None

    def _find_out(self) -> tuple[bool, StoreError | None]:
        """Whether what failed last is kept all the same; or what came in the way of knowing it."""
        try:
            return self._keeper.arrived(self), None
        except StoreError as error:
            return False, self._failed(error)
        except self._keeper.errors as error:
            return False, self._failed(self._keeper.said(error))

    def _again(self, error: StoreError, batch: Batch, fence: Fence | None) -> StoreError | None:
        """Another attempt after ``error``, where that can be mended."""
        try:
            mended = self._keeper.mended(error, self, self._clock.now())
        except StoreError as other:
            return other
        return self._attempt(batch, fence) if mended else error

    def _write(
        self, connection: Connection, recording: Recording, batch: Batch, fence: Fence | None
    ) -> None:
        now, unfit = self._clock.now(), self._keeper.unfit
        try:
            with connection.transaction():
                write(recording, batch, fence, now)
                self._keeper.last(batch.news, once=batch.once)
        except unfit:
            recording.forget_all()
            said = write_apart(recording, batch, fence, now, self._keeper)
            self.notify(StoreError(self._keeper.place, safe(said, SENTENCE_LIMIT), _REPORT_IT))
        for update in (*batch.updates, *batch.reads.values()):
            self._revisions[update.key] = recording.revision(update.key)
        if recording.refused:
            self._tell_outdated(recording.refused)
        if batch.events:
            (self._last_event,) = connection.execute("SELECT max(id) FROM event").fetchone()
        recording.forget_turns()
        self._keeper.settle()

    def _tell_outdated(self, refused: set[Key]) -> None:
        """What is believed here of these is older than what is written."""
        keys = sorted(refused)
        refused.clear()
        with self._wake:
            for key in keys:
                self._last.pop(key, None)
        with contextlib.suppress(Exception):  # the one who knows may be closing
            self._outdated(keys)

    def _failed(self, error: StoreError) -> StoreError:
        self._recording = None
        self._keeper.failed(error)
        return error

    def _superseded(self, fence: Fence | None) -> None:
        """Another process records by now: nothing of ours is kept."""
        with self._wake:
            if self._fence is not fence or fence is None:
                return
            self._fence = FOLLOWING
            self._batch = self._batch.without_polls()
            self._last.clear()
        fence.lost()

    def begin_anew(self) -> None:
        """The database is another one now: what is known is recorded whole."""
        with self._wake:
            self._last.clear()
            self._revisions.clear()
            if self._fence is not None:
                self._fence.forget()
        with contextlib.suppress(Exception):  # the one who knows may be closing
            self._anew()

    def _tell(self, error: StoreError | None) -> None:
        """Let the listener know when trouble begins, changes or ends; not at every try."""
        before, self._trouble = self._trouble, error
        if (before and before.reason) != (error and error.reason):
            self.notify(error)

    def notify(self, error: StoreError | None) -> None:
        if self._listener is not None:
            # A screen that is closing must not end the recording.
            with contextlib.suppress(Exception):
                self._listener(error)
