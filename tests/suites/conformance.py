"""All suites of feeds that others wrote: what weir reads in them, and what it passes on.

`make conformance` runs them whole (WEIR_CONFORMANCE=whole); `make check` holds items of a few files
only. What is found is compared with the lists of what is known (*.known).
"""

import os

import suite  # noqa: F401 (finds the modules of the end-to-end tests)
from feedparser_suite import Feedparser
from feedvalidator_suite import Feedvalidator
from held_items import HeldItems
from tap import run

ONE_IN = 1 if os.environ.get("WEIR_CONFORMANCE") == "whole" else 60


def setup():
    yield None


def test_feedparser(_):
    """What feedparser's own tests expect of titles, links, dates, authors, contents and guids"""
    Feedparser().run()


def test_feedvalidator(_):
    """What the feed validator's cases say of a feed holds for weir"""
    Feedvalidator().run()


def test_held_items_of_feedparser(_):
    """The files of feedparser's tests pass byte for byte, less what is held"""
    HeldItems("feedparser", "suites.tar.zst", ONE_IN).run()


def test_held_items_of_feedvalidator(_):
    """The files of the feed validator's tests pass byte for byte, less what is held"""
    HeldItems("feedvalidator", "suites.tar.zst", ONE_IN).run()


def test_held_items_of_real_feeds(_):
    """Real feeds pass byte for byte, less what is held"""
    HeldItems("feeds/real", "feeds.tar.zst", ONE_IN).run()


run(setup, [test_feedparser, test_feedvalidator, test_held_items_of_feedparser,
            test_held_items_of_feedvalidator, test_held_items_of_real_feeds])
