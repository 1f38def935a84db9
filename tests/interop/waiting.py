"""Waiting with a deadline: nothing here sleeps for a fixed time and hopes."""
import asyncio
import os
import time

LOOK_AGAIN = 0.01

# Under a sanitizer everything takes a few times as long: CLARION_PATIENCE stretches the deadlines.
PATIENCE = float(os.environ.get("CLARION_PATIENCE", "1"))


def wait_until(condition, what, within=20.0):
    """Polls until `condition()` is true and returns what it returned. For code without a loop."""
    give_up = time.monotonic() + within * PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > give_up:
            raise TimeoutError(f"waited {within * PATIENCE:.1f} s in vain: {what}")
        time.sleep(LOOK_AGAIN)


async def until(condition, what, within=10.0):
    """The same in a test. `condition` may be a coroutine function; `what` may be a function that
    says what was seen instead."""
    give_up = time.monotonic() + within * PATIENCE
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        if time.monotonic() > give_up:
            text = what() if callable(what) else what
            raise TimeoutError(f"waited {within * PATIENCE:.1f} s in vain: {text}")
        await asyncio.sleep(LOOK_AGAIN)


async def stays(condition, what, during):
    """Fails as soon as `condition()` is false: the only way to see that nothing happens."""
    end = time.monotonic() + during
    while time.monotonic() < end:
        if not condition():
            raise AssertionError(what() if callable(what) else what)
        await asyncio.sleep(LOOK_AGAIN)
