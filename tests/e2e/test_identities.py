"""Values of identities as an admin types them, at every door: made the same as those that documents
have, or refused with a line that says what to type."""

import json
import os

from console_client import PASSWORD, Client, expect
from servers import SOURCE, Weir, counts_store, make_temporary_directory, run

MAPS = os.path.join(SOURCE, "conf/maps")
PINS_MOST = 16  # in one change, as admin/tune.h has it
SHINGLE, HASH = "0123456789abcdef", "0123456789abcdef" * 2

SAME = (  # type, as typed, as documents have it
    ("ip", "192.0.2.1", "192.0.2.1"), ("ip", " 192.0.2.1 ", "192.0.2.1"),
    ("ip", "::ffff:192.0.2.1", "192.0.2.1"), ("ip", "::FFFF:c000:0201", "192.0.2.1"),
    ("ip", "2001:0DB8:0:0:0::0001", "2001:db8::1"), ("ip", "[2001:db8::1]", "2001:db8::1"),
    ("ip", "IPv6:2001:db8::1", "2001:db8::1"), ("ip", "192.0.2.1/32", "192.0.2.1"),
    ("net", "192.0.2.77/24", "192.0.2.0/24"), ("net", "2001:DB8:1:2:3::4/64", "2001:db8:1:2::/64"),
    ("net", "2001:db8:1:2::/48", "2001:db8:1::/48"), ("net", "::ffff:192.0.2.0/120", "192.0.2.0/24"),
    ("asn", "AS64496", "64496"), ("asn", "as 64496", "64496"), ("asn", "064496", "64496"),
    ("link-domain", "https://www.Shop.example.org/buy?x#y", "example.org"),
    ("link-domain", "www.shop.example.co.uk", "example.co.uk"),
    ("link-domain", "example.org.", "example.org"), ("link-domain", "example.org:8443", "example.org"),
    ("link-domain", "bücher.example", "xn--bcher-kva.example"),
    ("link-domain", "http://BÜCHER.example/", "xn--bcher-kva.example"),
    ("link-domain", "http://[2001:DB8::1]:80/x", "2001:db8::1"),
    ("link-domain", "http://3221225985/", "192.0.2.1"),
    ("link-host", "https://www.Shop.example.org/buy", "www.shop.example.org"),
    ("link-host", "https://bit.ly/AbC/?x=1", "bit.ly/abc"), ("link-host", "bit.ly/abc", "bit.ly/abc"),
    ("link-host", "2001:0db8::1", "2001:db8::1"),
    ("dkim-domain", "mail.example.org", "example.org"),
    ("from-domain", "Mail.Example.org", "example.org"),
    ("from-domain", "mail.example.org (authenticated)", "example.org (authenticated)"),
    ("envelope-domain", "bounce.example.org", "example.org"),
    ("envelope-domain", "Ann@GMAIL.com", "ann@gmail.com"),
    ("envelope-domain", "ann@mail.example.org", "example.org"),
    ("from-address", "Ann <Ann@Example.ORG>", "ann@example.org"),
    ("from-address", "mailto:ann@example.org?subject=x", "ann@example.org"),
    ("from-address", "ann@Bücher.example (unauthenticated)",
     "ann@xn--bcher-kva.example (unauthenticated)"),
    ("pair", "Ann@Example.org   BOB@Box.test", "ann@example.org bob@box.test"),
    ("attachment", HASH.upper(), HASH), ("shingle", SHINGLE.upper(), SHINGLE),
    ("helo", "Mail.Example.ORG", "mail.example.org"), ("feed", " Planet ", "planet"),
    ("author", "planet Ann", "planet ann"), ("link-host", "hash:" + HASH, "hash:" + HASH))

REFUSED = (  # type, as typed, what the line says
    ("ip", "192.0.2.0/24", "the type of a network is net"), ("ip", "192.0.2.256", "as 192.0.2.1"),
    ("ip", "fe80::1%eth0", "as 192.0.2.1"), ("ip", "example.org", "as 192.0.2.1"),
    ("net", "192.0.2.77", "known as /24, as 192.0.2.0/24"),
    ("net", "192.0.0.0/16", "known as /24, as 192.0.0.0/24"),
    ("net", "2001:db8::1", "known as /48 and /64, as 2001:db8::/48 or 2001:db8::/64"),
    ("net", "2001:db8::/32", "/48 and /64"), ("net", "192.0.2.0/240", "as 192.0.2.0/24"),
    ("asn", "ASx", "as 64496 or AS64496"), ("asn", "0", "from 1 to"), ("asn", "AS4294967296", "from 1"),
    ("asn", "64496.5", "as 64496 or"),
    ("link-domain", "co.uk", "a public suffix"), ("link-domain", "http://co.uk./x", "a public suffix"),
    ("from-domain", "github.io", "a public suffix"), ("dkim-domain", "org", "has a dot"),
    ("link-domain", "example org", "no name of a host"), ("link-domain", "a..example.org", "no name"),
    ("link-domain", "ann@example.org", "this an address"), ("link-domain", "bit.ly", "shortener"),
    ("link-host", "https://bit.ly/", "type the path"), ("from-domain", "gmail.com", "mail provider"),
    ("from-domain", "192.0.2.1", "its type is ip"), ("dkim-domain", "gmail.com", "mail provider"),
    ("from-address", "ann", "as ann@example.org"), ("from-address", "@example.org", "as ann@"),
    ("from-address", "ann@", "as ann@"), ("from-address", "ann@exa mple.org", "no domain"),
    ("pair", "ann@example.org", "a sender and a recipient"), ("pair", "a@b.test c@d.test e@f.test", "and"),
    ("attachment", SHINGLE, "32 hexadecimal"), ("shingle", HASH, "16 hexadecimal"),
    ("shingle", "0123456789abcdeg", "16 hexadecimal"), ("helo", "  ", "which helo"),
    ("author", "planet\nann", "control character"), ("helo", b"\xff", "not UTF-8"),
    ("link-host", 300 * "x", "no name of a host"), ("domain", "example.org", "link-domain, link-host"))


class Fixture:
    def __init__(self, directory):
        self.weir = Weir(directory, counts_store(directory).url, settings={"identities": {
            "mail-providers": os.path.join(MAPS, "mail-providers"),
            "url-shorteners": os.path.join(MAPS, "url-shorteners")}})
        self.weir.run("weir-feedfilter", "--pipe", "--feed", "x", input="<rss version='2.0'/>")
        self.weir.start_console()
        self.weir.env["WEIR_PASSWORD"] = PASSWORD
        self.client = Client(self.weir)

    def ctl(self, *words, **options):
        return self.weir.ctl("reputation", *words, **options)

    def over(self, *words, **options):
        return self.weir.ctl("--gateway", self.weir.console_url.replace("//", "//ann@"),
                             "reputation", *words, **options)

    def all(self):
        return {(row["type"], row["value"]): row["log_odds"]
                for row in map(json.loads, self.ctl("list", "--json").text().splitlines())}

    def forget_all(self):
        for kind, value in self.all():
            said = self.client.post("reputation/forget", {"type": kind, "value": value})
            assert said.json()["changed"], said.body
        assert not self.all()

    def expect_all(self):
        """All of SAME are there, as documents have them; and then no more."""
        assert set(self.all()) == {(kind, value) for kind, _, value in SAME}
        self.forget_all()


def setup():
    yield Fixture(make_temporary_directory())


def test_made_the_same(fixture):
    """Each spelling is the one identity, for weirctl and what it shows"""
    for kind, typed, value in SAME:
        shown = fixture.ctl("pin", kind, typed, "2", "--json").json()
        assert (shown["type"], shown["value"]) == (kind, value), (kind, typed, shown)
        for words in (("show",), ("explain",)):
            shown = fixture.ctl(*words, kind, typed, "--json").json()
            assert (shown["value"], shown["log_odds"]) == (value, 2), (kind, typed, shown)
    assert set(fixture.all()) == {(kind, value) for kind, _, value in SAME}
    for kind, typed, value in SAME:
        fixture.ctl("forget", kind, typed)
    assert not fixture.all()


def test_other_doors(fixture):
    """The console, a gateway, an import and tune make them the same too"""
    deeds = {
        "console": lambda kind, typed: fixture.client.post(
            "reputation/pin", {"type": kind, "value": typed, "log_odds": 2}).json()["value"],
        "gateway": lambda kind, typed: fixture.over("pin", kind, typed, "2", "--json").json()["value"]}
    for name, deed in deeds.items():
        for kind, typed, value in SAME:
            said = deed(kind, typed)
            assert said == value, (name, kind, typed, said)
        fixture.expect_all()
    # Many at once.
    fixture.ctl("import", "-", input="".join(json.dumps(
        {"type": kind, "value": typed, "ham": 0, "spam": 0, "time": 1, "override": "pin",
         "log_odds": 2}, ensure_ascii=False) + "\n" for kind, typed, _ in SAME))
    fixture.expect_all()
    left = list(SAME)
    while left:
        some = {(kind, value): (kind, typed) for kind, typed, value in left[:PINS_MOST]}
        left = [one for one in left if one[:2] not in some.values()]
        fixture.weir.ctl("tune", *(word for kind, typed in some.values()
                                   for word in ("--pin", kind, typed + "=2")), "--apply")
    fixture.expect_all()


def test_refused(fixture):
    """What no document has is refused in one line that says what to type, and nothing is changed"""
    for number, (kind, typed, words) in enumerate(REFUSED):
        deed = ("pin", kind, typed) if number % 2 else ("set", kind, typed, "2")
        result = fixture.ctl(*deed, status=64)
        assert result.errors.count("\n") == 1 and not result.output, (deed, result.errors)
        assert words in result.errors and len(result.errors) < 600, (deed, result.errors)
        if isinstance(typed, str):
            said = fixture.client.post("reputation/set", {"type": kind, "value": typed, "log_odds": 1})
            expect(said, 400, words)
            said = fixture.weir.ctl("tune", "--pin", kind, typed + "=2", "--apply", status=None)
            assert said.errors.count("\n") == 1 and words in said.errors, (kind, typed, said.errors)
    assert not fixture.all()


def test_looking_tells(fixture):
    """What a store may have from before can be seen and forgotten, with a line that says what it is"""
    for kind, value in (("link-domain", "co.uk"), ("link-domain", "bit.ly"), ("from-domain", "gmail.com"),
                        ("link-host", "short.example/abc")):
        fixture.ctl("import", "-", input="type,value,ham,spam,time,override,log_odds\n"
                    "%s,%s,0,0,1,pin,2\n" % (kind, value))
        assert fixture.all() == {(kind, value): 2}, fixture.all()
        for door in (fixture.ctl, fixture.over):
            result = door("show", kind, value)
            assert value in result.text() and "+2.00" in result.text(), result.text()
            if kind != "link-host":
                assert result.errors.count("\n") == 1 and "is no " + kind in result.errors, result.errors
        assert fixture.ctl("forget", kind, value).text() == "forgotten\n"
    for kind, typed in (("ip", "nonsense"), ("net", "192.0.2.1"), ("asn", "x"), ("shingle", "abc")):
        fixture.ctl("show", kind, typed, status=64)
        fixture.over("show", kind, typed, status=65)


def test_search_knows_spellings(fixture):
    """The console's search finds an identity by any spelling"""
    fixture.ctl("pin", "link-domain", "example.org", "2")
    fixture.ctl("pin", "ip", "2001:db8::1", "2")
    for typed, value in (("https://www.example.org/x", "example.org"), ("2001:0DB8::1", "2001:db8::1")):
        found = fixture.client.get("search?q=" + typed).json()["identities"]
        assert value in [one["value"] for one in found], found
    fixture.forget_all()


run(setup, [test_made_the_same, test_other_doors, test_refused, test_looking_tells,
            test_search_knows_spellings])
