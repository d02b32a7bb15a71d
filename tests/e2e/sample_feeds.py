"""Feed items that are ham and spam to a model that was taught the samples, and a feed around them."""


def item(guid, title, text, author="Anna"):
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return ("<item>\n    <title>%s</title>\n    <link>%s</link>\n    <guid>%s</guid>\n"
            "    <dc:creator>%s</dc:creator>\n    <description>%s</description>\n  </item>"
            % (title, guid, guid, author, text)).encode()


HAM = [
    item("https://buoy.example/hull", "Painting the hull again",
         "<p>The antifouling paint of last spring lasted eleven months. This year we tried the "
         "copper-free one, two coats, and will compare the drag in autumn.</p>"),
    item("https://lab.example.org/notes/switch", "A quieter switch for the rack",
         "<p>We replaced both fans of the old switch. The log of the temperature sensor shows four "
         "degrees more under load, which is still far from the limit. <a "
         "href=\"https://lab.example.org/notes/fans\">The parts list</a> is on the wiki.</p>"),
    item("https://lab.example.org/notes/storage", "存储机柜的半年总结",
         "<p>半年里我们换了三块硬盘，其中一块在保修期内。重建阵列平均用了九个小时，期间读取延迟增加了"
         "一倍。下半年打算把冷数据搬到磁带上。</p>", "赵敏"),
]
SPAM = [
    item("http://goldenspin-casino.test/f/77", "500 FREE SPINS no deposit casino bonus",
         "<p>Play online slots, roulette and live poker. Instant payout, no deposit required! <a "
         "href=\"http://goldenspin-casino.test/claim?r=7\">CLAIM MY BONUS NOW</a></p>", "casino"),
    item("http://youlian-chi.test/f/78", "娱乐平台官网-彩票平台官网-棋牌平台下载-投注平台官网",
         "<p>最新资讯，精彩内容，欢迎访问。</p><p>" + " | ".join(
             '<a href="http://p%d.chi%d.test/">%s</a>' % (n, n, text) for n, text in enumerate(
                 "影院在线免费 高清影院在线 娱乐平台彩金 真人娱乐平台 彩票平台下载 棋牌下载官网 免费影视高清 "
                 "影视下载在线 投注平台彩金 体育彩票平台 免费小说下载 小说在线免费".split())) + "</p>", "yl"),
]
ITEMS = [HAM[0], SPAM[0], HAM[1], SPAM[1], HAM[2]]
# With CRLF here and there, comments and blanks: all of it must come out.
HEAD = (b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- <item> in a comment -->\n"
        b"<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n"
        b"  <title>Planet of notes</title>\n  <link>https://planet.example.org/</link>\n"
        b"  <description>Notes &amp; drawings</description>\r\n  ")
TAIL = b"\n</channel>\n</rss>\n<!-- end -->"


def feed(items):
    return HEAD + b"\n  ".join(items) + TAIL


def without(whole, *items):
    """The bytes of the feed less those of the items, and not a byte less."""
    for gone in items:
        assert whole.count(gone) == 1
        whole = whole.replace(gone, b"")
    return whole


def guid_of(data):
    return data.split(b"<guid>")[1].split(b"</guid>")[0].decode()
