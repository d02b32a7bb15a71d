"""A feed that weir-feedfilter has at hand, to 100 connections, beside nginx."""

import html
import os
import re
import statistics
import subprocess
import urllib.error
import urllib.request

import servers

NGINX_CONF = """\
worker_processes auto;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    gzip_static on;
    gzip_vary on;
    open_file_cache max=10;
    keepalive_requests 1000000000;
    default_type application/rss+xml;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}/www; }}
}}
"""


def start_nginx(directory, documents):
    """Serves {path: bytes} as files; its URL."""
    program = servers.need_program("nginx")
    root, port = os.path.join(directory, "nginx"), servers.free_port()
    os.mkdir(root)
    for path, content in documents.items():
        file_path = root + "/www" + path
        os.makedirs(os.path.dirname(file_path), exist_ok=True)
        with open(file_path, "wb") as file:
            file.write(content)
    with open(root + "/nginx.conf", "w") as file:
        file.write(NGINX_CONF.format(root=root, port=port))
    servers.Process(directory, "nginx-server", [
        program, "-e", root + "/error.log", "-p", root, "-c", root + "/nginx.conf"])
    url = "http://127.0.0.1:%d" % port
    servers.wait_for(lambda: answers(url), "nginx answers")
    return url


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def fetch(url, encoding):
    request = urllib.request.Request(url, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers.get("Content-Encoding", "identity") == encoding, answer.headers
        return answer.read()


def requests_per_second(wrk, url, encoding, seconds):
    said = subprocess.run([wrk, "-t2", "-c100", "-d%d" % seconds, "-H",
                           "Accept-Encoding: " + encoding, url], stdout=subprocess.PIPE,
                          check=True, text=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", said).group(1))


def long_feed():
    """A feed of the length that feeds have, of the prose that is at hand."""
    items, words = [], 0
    docs = os.path.join(servers.SOURCE, "docs")
    for name in sorted(name for name in os.listdir(docs) if os.path.isfile(os.path.join(docs, name))):
        with open(os.path.join(docs, name), encoding="utf-8") as file:
            for text in file.read().split("\n\n"):
                words += 1
                items.append("<item><title>Note %d</title><guid>http://feed.test/%d</guid>"
                             "<description>%s</description></item>\n" % (words, words,
                                                                        html.escape(text)))
    return ("<rss version=\"2.0\"><channel><title>Notes</title>\n%s</channel></rss>\n" %
            "".join(items)).encode()


def measure(directory, rounds, seconds):
    """[(what, requests/s of weir, of nginx, median of their ratios)], plain and gzip. nginx serves
    the bytes that weir-feedfilter serves, compressed beforehand by it. Neither logs requests."""
    wrk = servers.need_program("wrk")
    servers.need_program("nginx")
    redis = servers.Redis(directory, "redis-hot")
    upstream = servers.HttpServer()
    upstream.documents["/hot"] = ("application/rss+xml", long_feed())
    weir = servers.Weir(directory, redis.url, "hot", {
        "log": {"level": "notice"}, "feed hot": {"url": upstream.url + "/hot"},
        "feedfilter": {"upstream-networks": ["127.0.0.0/8"]}})
    weir.start_feeds()
    encodings = ("identity", "gzip")
    pages = {encoding: fetch(weir.feeds_url + "/f/hot", encoding) for encoding in encodings}
    lanes = {"weir": weir.feeds_url,
             "nginx": start_nginx(directory, {"/f/hot": pages["identity"],
                                              "/f/hot.gz": pages["gzip"]})}
    for encoding in encodings:
        assert fetch(lanes["nginx"] + "/f/hot", encoding) == pages[encoding]
    rates = {(name, encoding): [] for name in lanes for encoding in encodings}
    turns = list(rates)
    for round_number in range(rounds + 1):
        for name, encoding in turns:
            rate = requests_per_second(wrk, lanes[name] + "/f/hot", encoding, seconds)
            if round_number:  # the first one warms up
                rates[name, encoding].append(rate)
        turns = turns[1:] + turns[:1]  # nobody is always first
    weir.feeds.stop()
    redis.stop()
    return [("%s, %d bytes" % (title, len(pages[encoding])),
             statistics.median(rates["weir", encoding]),
             statistics.median(rates["nginx", encoding]),
             statistics.median(a / b for a, b in zip(rates["weir", encoding],
                                                     rates["nginx", encoding])))
            for encoding, title in zip(encodings, ("plain", "gzip"))]
