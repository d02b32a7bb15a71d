"""A story that several feeds carry is shown once, where feedfilter.deduplicate says so: in the feed that
had it first, to those who may read it there."""

import json
import re
import signal
import time
from email.utils import parsedate_to_datetime

from gateway import get, setup
from sample_feeds import feed, item
from servers import run, wait_for
from upstream import Document, Upstream

TEXT = " ".join("sentence %d tells of the harbour, its tides and a boat named %d;" % (n, 7 * n)
                for n in range(40))
STORY = item("https://news.example/2026/harbour", "The harbour", TEXT)
BY_LINK = item("tag:planet,1", "Harbour news", "Somebody wrote about the harbour.").replace(
    b"<link>tag:planet,1<", b"<link>http://www.news.example/2026/harbour/?utm_source=planet<")
BY_TEXT = item("https://copy.example/a/1", "A copy", TEXT + " Read more on our site.")
OTHER = item("https://else.example/9", "Something else", "Nothing to do with the sea at all.")
LAND = item("https://else.example/11", "Of the land", "Fields, and a road between them.")
EMPTY = feed([])


def changing(body=EMPTY):
    return Document(body, validators=False)


def gateway_of(fixture, names, on="all", **settings):
    """All feeds are there and empty, so that the test says who has what first."""
    gateway = fixture.gateway({name: changing() for name in names},
                              feedfilter={"deduplicate": on, "public-url": "http://feeds.test"})
    for name, own in settings.items():
        gateway.configure({"feed " + name: own})
    return gateway


def publish(gateway, name, *items):
    """From now on, and readers get what became of it: the second poll follows what the first made."""
    gateway.document(name).body = feed(items)
    gateway.wait_for_polls([name], 2)


def served(gateway, name, *items, path="/f/"):
    wait_for(lambda: get(gateway, path + name).body.count(b"<guid>") == len(items),
             "%s is as it should be: %s" % (name, get(gateway, path + name).text()), 20)
    # What is cut is cut, and not a byte else.
    listed = gateway.document(name).body
    for found in re.findall(rb"<item>\n.*?</item>", listed, re.S):
        if found not in items:
            listed = listed.replace(found, b"")
    assert get(gateway, path + name).body == listed


def reload(gateway, **settings):
    gateway.configure(settings)
    before = gateway.log().count("event=reloaded")
    gateway.feeds.process.send_signal(signal.SIGHUP)
    wait_for(lambda: gateway.log().count("event=reloaded") > before, "it reloads")


def test_off_changes_nothing(fixture):
    """Without the setting all feeds are as they were"""
    with gateway_of(fixture, ("first", "second"), on="off") as gateway:
        for name in ("first", "second"):
            publish(gateway, name, STORY, OTHER)
            served(gateway, name, STORY, OTHER)
        assert b"weir_feed_duplicates_total 0" in get(gateway, "/metrics").body


def test_the_first_feed_shows_it(fixture):
    """By guid, link and text; told in /q, the log, /metrics, /health and the list; the same after a restart"""
    names = ("first", "guid", "link", "text")
    with gateway_of(fixture, names) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "guid", OTHER, STORY)
        served(gateway, "guid", OTHER)
        publish(gateway, "link", BY_LINK, LAND)
        served(gateway, "link", LAND)
        publish(gateway, "text", BY_TEXT)
        served(gateway, "text")
        for name, way in (("guid", "link"), ("link", "link"), ("text", "text")):
            lines = gateway.lines("duplicate", name)
            assert len(lines) == 1 and "shown-in=first same=%s" % way in lines[0], lines
            listed = get(gateway, "/q/" + name).text()
            assert listed.count("<entry>") == 1 and "Duplicate of what the feed first" in listed
            assert "category term=\"duplicate\"" in listed and "same %s" % way in listed, listed
            assert gateway.health(name)["duplicates"] == 1
        assert "<entry>" not in get(gateway, "/q/first").text()
        assert b"weir_feed_duplicates_total 3" in get(gateway, "/metrics").body
        wait_for(lambda: gateway.ctl("feeds", "list").text().count("1 shown in other feeds") == 3,
                 "the list tells")
        states = [json.loads(line) for line in
                  gateway.ctl("--json", "feeds", "list").text().splitlines()]
        assert sum(state["duplicates"] for state in states) == 3, states
        # Later polls change nothing, also when the first feed lists the story no more.
        publish(gateway, "first", OTHER.replace(b"/9", b"/10"))
        gateway.wait_for_polls(names, 3)
        served(gateway, "guid", OTHER)
        served(gateway, "text")
    with gateway:  # again
        gateway.wait_for_polls(names, 2)
        served(gateway, "guid", OTHER)
        served(gateway, "link", LAND)
        served(gateway, "text")
        assert not gateway.lines("duplicate", "[a-z]*")


def noted(gateway, name, item, before, note, after, path="/f/"):
    """The item ends with `note` between `before` and `after`, and nothing else is other than upstream's."""
    listed = gateway.document(name).body.decode()
    expected = listed.replace(item, item.replace(before + after, before + note + after))
    assert not note or expected != listed
    wait_for(lambda: get(gateway, path + name).text() == expected,
             "%s is as it should be: %s" % (name, get(gateway, path + name).text()), 20)


def test_says_where_else_it_is(fixture):
    """The item that is shown names the feeds it is left out of, as its body is written, and only to
    those who may read them, until it is shown there; a feed without duplicates is what it was"""
    names = ("first", "second", "third", "secret")
    with gateway_of(fixture, names, secret={"readers": ["ann"]}) as gateway:
        publish(gateway, "first", STORY, LAND)
        served(gateway, "first", STORY, LAND)
        publish(gateway, "secret", STORY)
        publish(gateway, "second", BY_LINK, OTHER)
        served(gateway, "second", OTHER)
        end = "</description>"
        link = "http://www.news.example/2026/harbour/?utm_source=planet"
        note = ("&lt;p&gt;Also in: &lt;a href='%s'&gt;%s&lt;/a&gt;%s&lt;/p&gt;")
        second = note % (link, "second", "")
        story = STORY.decode()
        noted(gateway, "first", story, " named 273;", second, end)
        # By the title it was given, whatever that is, and without a link when it has none.
        gateway.upstream.documents["/bare"] = changing(feed([BY_TEXT.replace(
            b"<link>https://copy.example/a/1</link>", b"").replace(b"<guid>", b"<guid isPermaLink='false'>")]))
        opml = gateway.directory + "/feeds.opml"
        with open(opml, "w") as file:
            file.write('<opml version="2.0"><body><outline text="A &amp;amp; &lt;b&gt; \'\u6e2f\'" type="rss" '
                       'xmlUrl="%s"/></body></opml>' % (gateway.upstream.url + "/bare"))
        gateway.ctl("feeds", "import", opml)
        title = "A &amp;amp;amp; &amp;lt;b&amp;gt; &amp;#x27;&amp;#x6E2F;&amp;#x27;"
        noted(gateway, "first", story, " named 273;", note % (link, "second", ", " + title), end)
        # It follows what is shown in other feeds; so it does over a restart.
        gateway.wait_for_polls(names, 3)
        noted(gateway, "first", story, " named 273;", note % (link, "second", ", " + title), end)
    with gateway:
        gateway.wait_for_polls(names, 2)
        noted(gateway, "first", story, " named 273;", note % (link, "second", ", " + title), end)
        imported = [json.loads(line)["name"] for line in
                    gateway.ctl("--json", "feeds", "list").text().splitlines()
                    if json.loads(line)["name"] not in names + ("good",)]
        gateway.ctl("feeds", "remove", *imported)
        noted(gateway, "first", story, " named 273;", second, end)
        reload(gateway, **{"feed second": {"mode": "pass"}})
        noted(gateway, "first", story, " named 273;", "", end)
        assert get(gateway, "/f/third").body == EMPTY


def test_says_where_else_in_its_own_format(fixture):
    """In plain text, and in JSON"""
    atom = ('<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><entry><id>%s</id>'
            "<title>The harbour</title><summary>%s</summary></entry></feed>")
    form = ('{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{"id": "%s", '
            '"title": "The harbour", "content_text": "%s"}]}')
    guid = "https://news.example/2026/harbour"
    for template, line in ((atom, "\n"), (form, "\\n")):
        with gateway_of(fixture, ("first", "second")) as gateway:
            document = (template % (guid, TEXT)).encode()
            gateway.document("first").body = document
            gateway.wait_for_polls(["first"], 2)
            wait_for(lambda: get(gateway, "/f/first").body == document, "it is shown", 20)
            publish(gateway, "second", STORY)
            served(gateway, "second")
            expected = template % (guid, TEXT + line * 2 + "Also in: second (%s)" % guid + line)
            wait_for(lambda: get(gateway, "/f/first").text() == expected,
                     "it is told: " + get(gateway, "/f/first").text(), 20)


def test_what_was_shown_stays(fixture):
    """A story that both showed before, or that the other has no more, is not taken away"""
    with gateway_of(fixture, ("first", "second"), on="off") as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        reload(gateway, feedfilter={"deduplicate": "all"}, **{"feed second": {"mode": "pass"}})
        # Else second may come to be the one that is shown, and say that it is also in first.
        gateway.wait_for_polls(["first"], 3)
        publish(gateway, "second", STORY)
        served(gateway, "second", STORY)
        # It has been shown while the feed passed everything; so it stays.
        reload(gateway, **{"feed second": {"mode": "hold"}})
        gateway.wait_for_polls(("first", "second"), 3)
        served(gateway, "second", STORY)
        assert not gateway.lines("duplicate", "second")


def test_what_was_shown_stays_when_it_is_turned_on(fixture):
    """A story that several feeds have shown stays in all of them, whichever is looked at first, and
    also when it is turned off for a while; new ones are shown once"""
    names = ("first", "second", "third")
    with gateway_of(fixture, names, on="off") as gateway:
        for name in names[:2]:
            publish(gateway, name, STORY)
            served(gateway, name, STORY)
        time.sleep(1)  # the records tell the times of seconds
        reload(gateway, feedfilter={"deduplicate": "all"})
        gateway.wait_for_polls(names, 3)
        for name in names[:2]:
            served(gateway, name, STORY)
        assert not gateway.lines("duplicate", "[a-z]*")
        publish(gateway, "third", STORY)
        served(gateway, "third")
        reload(gateway, feedfilter={"deduplicate": "off"})
        served(gateway, "third", STORY)
        publish(gateway, "third", STORY, LAND)
        publish(gateway, "first", LAND, STORY)
        served(gateway, "first", LAND, STORY)
        time.sleep(1)
        reload(gateway, feedfilter={"deduplicate": "all"})
        gateway.wait_for_polls(names, 3)
        served(gateway, "first", LAND, STORY)
        publish(gateway, "second", STORY, LAND)
        served(gateway, "second", STORY)


def test_what_was_released_stays(fixture):
    """What a person had released in a feed when it is turned on stays there, though another feed has it too"""
    with gateway_of(fixture, ("first", "second"), on="off", first={"mode": "pass"}) as gateway:
        # By a rule, since all gateways share what a release teaches.
        gateway.ctl("rules", "apply", "-", input='rule "barnacles" { title = barnacle  action = hold }\n')
        story = item("https://hull.example/12", "A barnacle", "It sat below the waterline for years.")
        publish(gateway, "first", story)
        served(gateway, "first", story)
        publish(gateway, "second", story, OTHER)
        served(gateway, "second", OTHER)
        held = json.loads(gateway.ctl("--json", "held", "list", "--feed", "second").text().splitlines()[0])
        gateway.ctl("held", "release", held["id"])
        served(gateway, "second", story, OTHER)
        time.sleep(1)
        reload(gateway, feedfilter={"deduplicate": "all"})
        gateway.wait_for_polls(("first", "second"), 3)
        served(gateway, "second", story, OTHER)
        served(gateway, "first", story)


def test_shown_again_when_its_twin_goes(fixture):
    """When the first feed is removed, or its item turns out to be held, another one shows it"""
    names = ("first", "second", "third")
    with gateway_of(fixture, names) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "second", BY_LINK)
        served(gateway, "second")
        publish(gateway, "third", BY_TEXT)
        served(gateway, "third")
        del gateway.settings["feed first"]
        reload(gateway)
        # Theirs are not the same as each other by anything, so that both are shown.
        served(gateway, "second", BY_LINK)
        served(gateway, "third", BY_TEXT)
    with gateway_of(fixture, names) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        for name in ("second", "third"):
            publish(gateway, name, STORY)
            served(gateway, name)
        edited = STORY.replace(b"The harbour", b"500 FREE SPINS no deposit casino bonus").replace(
            b"<description>", b"<description>Play online slots, roulette and live poker. Instant "
            b"payout, no deposit required! CLAIM MY BONUS NOW ")
        publish(gateway, "first", edited)
        served(gateway, "first")
        # One of the two shows it now, and goes on to.
        wait_for(lambda: sorted(get(gateway, "/f/" + name).body.count(b"<guid>")
                                for name in ("second", "third")) == [0, 1], "one shows it", 20)
        shows = "second" if b"<guid>" in get(gateway, "/f/second").body else "third"
        gateway.wait_for_polls(names, 3)
        assert [name for name in ("second", "third")
                if b"<guid>" in get(gateway, "/f/" + name).body] == [shows]


def test_long_titles(fixture):
    """What is left out is told with its title, cut at the border of a character"""
    for title, told in (("\u6e2f" * 100, "\u6e2f" * 100), ("a" + "\u6e2f" * 100, "a" + "\u6e2f" * 99)):
        story = STORY.replace(b"The harbour", title.encode())
        with gateway_of(fixture, ("first", "second")) as gateway:
            publish(gateway, "first", story)
            served(gateway, "first", story)
            publish(gateway, "second", story)
            served(gateway, "second")
            listed = get(gateway, "/q/second").text()
            assert "<title>%s</title>" % told in listed, listed


def test_readers(fixture):
    """A private feed hides nothing from those who cannot read it, and is not named to them"""
    names = ("diary", "public", "also", "pair")
    with gateway_of(fixture, names, diary={"readers": ["ann"]}, also={"readers": ["ann"]},
                    pair={"readers": ["ann", "bob"]}) as gateway:
        token = re.search(r"/r/([^/]+)/", gateway.ctl("feeds", "reader", "add", "ann").text()).group(1)
        other = re.search(r"/r/([^/]+)/", gateway.ctl("feeds", "reader", "add", "bob").text()).group(1)
        wait_for(lambda: get(gateway, "/r/%s/f/diary" % token).status == 200, "ann is known")
        wait_for(lambda: get(gateway, "/r/%s/f/pair" % other).status == 200, "bob is known")
        publish(gateway, "diary", STORY)
        served(gateway, "diary", STORY, path="/r/%s/f/" % token)
        publish(gateway, "pair", STORY)  # bob does not read the diary
        served(gateway, "pair", STORY, path="/r/%s/f/" % other)
        publish(gateway, "public", STORY)
        served(gateway, "public", STORY)
        publish(gateway, "also", STORY)  # ann does
        served(gateway, "also", path="/r/%s/f/" % token)
        assert "feed diary shows" in get(gateway, "/r/%s/q/also" % token).text()
        for path in ("/q/public", "/r/%s/q/pair" % other, "/health"):
            assert "diary" not in get(gateway, path).text(), path
        assert get(gateway, "/q/also").status == 404
        # What everybody may read stands for what some may.
        publish(gateway, "public", STORY, OTHER)
        served(gateway, "public", STORY, OTHER)
        publish(gateway, "pair", STORY, OTHER)
        served(gateway, "pair", STORY, path="/r/%s/f/" % other)
        # Once the diary is ann's no more, it hides nothing from her.
        reload(gateway, **{"feed diary": {"readers": ["bob"]}})
        wait_for(lambda: "feed diary" not in get(gateway, "/r/%s/q/also" % token).text(),
                 "the diary is named to ann no more", 20)


def test_what_is_shown_is_not_told_as_left_out(fixture):
    """/q names what stays out now: nothing once it is off, or the other feed is another one"""
    with gateway_of(fixture, ("first", "second")) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "second", STORY, OTHER)
        served(gateway, "second", OTHER)
        assert "feed first shows" in get(gateway, "/q/second").text()
        reload(gateway, feedfilter={"deduplicate": "off"})
        assert "<entry>" not in get(gateway, "/q/second").text()
    with gateway_of(fixture, ("first", "second", "moved")) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "second", STORY)
        served(gateway, "second")
        # By that name there is another feed now, which never had the story.
        reload(gateway, **{"feed first": {"url": gateway.settings["feed moved"]["url"]}})
        served(gateway, "second", STORY)
        assert "<entry>" not in get(gateway, "/q/second").text()


def test_what_is_left_out_has_a_time(fixture):
    """Last-Modified of /q never goes back, also when what it lists goes"""
    with gateway_of(fixture, ("first", "second")) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "second", STORY)
        served(gateway, "second")

        def when():
            answer = get(gateway, "/q/second")
            return answer.headers.get("Last-Modified"), answer.body

        told, body = when()
        assert told and b"<entry>" in body, body
        assert get(gateway, "/q/second", If_Modified_Since=told).status == 304
        del gateway.settings["feed first"]
        reload(gateway)
        served(gateway, "second", STORY)
        later, body = when()
        assert b"<entry>" not in body
        assert parsedate_to_datetime(later) > parsedate_to_datetime(told), (told, later)
        assert get(gateway, "/q/second", If_Modified_Since=told).status == 200
        assert when()[0] == later


def test_where_nothing_was_left_out(fixture):
    """/q has no Last-Modified until it changes, and from then on the time when it did"""
    with gateway_of(fixture, ("first",)) as gateway:
        served(gateway, "first")
        assert "Last-Modified" not in get(gateway, "/q/first").headers
        before = int(time.time())
        reload(gateway, feedfilter={"public-url": "http://moved.test"})

        def moved():
            answer = get(gateway, "/q/first")
            return b"http://moved.test/q/first" in answer.body and answer.headers["Last-Modified"]
        told = parsedate_to_datetime(wait_for(moved, "it says where it is now")).timestamp()
        assert before <= told <= time.time(), told
        assert get(gateway, "/q/first", If_Modified_Since=moved()).status == 304


def test_the_word_of_another_site(fixture):
    """A feed that only links to a story of another site does not take it out of the feeds that have it"""
    there = Upstream("127.0.0.2")
    there.documents["/f"] = changing(feed([BY_LINK]))
    gateway = gateway_of(fixture, ("home", "copy"))
    gateway.configure({"feed links": {"url": there.url + "/f"},
                       "feedfilter": {"upstream-networks": ["127.0.0.0/8"]}})
    with gateway:
        wait_for(lambda: get(gateway, "/f/links").body.count(b"<guid>") == 1, "it links to it")
        here = STORY.replace(b"https://news.example/2026/harbour", gateway.upstream.url.encode() + b"/story")
        here = here.replace(TEXT.encode(), b"Told at home, in the words of its own people.")
        publish(gateway, "copy", STORY)  # under another title
        served(gateway, "copy", STORY)
        there.documents["/f"].body = feed([BY_LINK, here.replace(b"Told at home", b"Comments")])
        wait_for(lambda: get(gateway, "/f/links").body.count(b"<guid>") == 2, "and to another")
        publish(gateway, "home", here)  # under the same title, but it is the site's own
        served(gateway, "home", here)


def test_by_category(fixture):
    """With "category" only feeds of one category are compared; those without one are left alone"""
    sea, land = {"category": "Sea"}, {"category": "Land"}
    with gateway_of(fixture, ("first", "second", "third", "plain", "bare"), on="category", first=sea,
                    second=sea, third=land) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "second", STORY, OTHER)
        served(gateway, "second", OTHER)
        for name in ("third", "plain", "bare"):
            publish(gateway, name, STORY)
            served(gateway, name, STORY)
        reload(gateway, **{"feed second": land})
        wait_for(lambda: "feed third shows" in get(gateway, "/q/second").text(), "the third shows it")
        served(gateway, "second", OTHER)


def test_what_only_observes_leaves_nothing_out(fixture):
    """In a feed that passes everything, and in mode observe, all is shown, and shown from then on"""
    with gateway_of(fixture, ("first", "second", "third"), second={"mode": "pass"}) as gateway:
        publish(gateway, "first", STORY)
        served(gateway, "first", STORY)
        publish(gateway, "second", STORY)
        served(gateway, "second", STORY)
        publish(gateway, "third", STORY)
        served(gateway, "third")
        reload(gateway, feedfilter={"mode": "observe"})
        served(gateway, "third", STORY)
        reload(gateway, feedfilter={"mode": "enforce"})
        gateway.wait_for_polls(["good", "third"], 3)
        served(gateway, "third", STORY)


run(setup, [value for name, value in list(globals().items()) if name.startswith("test_")],
    at_once=3)
