"""Three gateways that teach at once through one Redis, against one that teaches the same alone."""

import concurrent.futures
import json
import os
import re
import signal

import evaluation
import servers

BATCH = 20  # messages of one gateway between which the others teach


def teach(gateway, messages):
    """The lessons in their order, but for the spam of each batch, which is taught after its ham."""
    for start in range(0, len(messages), BATCH):
        batch = messages[start:start + BATCH]
        for label in ("ham", "spam"):
            paths = [path for spam, path in batch if spam == (label == "spam")]
            if paths:
                gateway.ctl("learn", label, *paths)


def check(gateway, messages):
    """[(is spam, log-odds of the content alone)] of the messages."""
    listed = os.path.join(gateway.directory, "check.list")
    with open(listed, "w") as file:
        file.writelines(path + "\n" for _, path in messages)
    said = gateway.ctl("check", "--json", "--files-from", listed)
    verdicts = [json.loads(line) for line in said.text().splitlines()]
    assert len(verdicts) == len(messages), (len(verdicts), len(messages))
    return [(spam, sum(term["log_odds"] for term in verdict["terms"]
                       if term["symbol"].startswith("CONTENT")))
            for (spam, _), verdict in zip(messages, verdicts)]


def digest(gateway, version):
    """The digest of its milter's replica at that version."""
    def look():
        gateway.milter.process.send_signal(signal.SIGUSR1)
        found = re.findall(r"event=replica version=(\d+) digest=([0-9a-f]{16})",
                           gateway.milter.log())
        return found and int(found[-1][0]) == version and found[-1][1]
    return servers.wait_for(look, "the replica of %s is at %d" % (gateway.directory, version))


def interleaved(gateways, messages):
    """Teaches with all at once, each gateway its share of the messages."""
    with concurrent.futures.ThreadPoolExecutor(len(gateways)) as pool:
        done = [pool.submit(teach, gateway, messages[number::len(gateways)])
                for number, gateway in enumerate(gateways)]
        for one in done:
            one.result()


def gateways_on(directory, name, count):
    redis = servers.Redis(directory, "redis-" + name)
    found = [servers.Weir(directory, redis.url, "%s-%d" % (name, number))
             for number in range(count)]
    for gateway in found:
        gateway.start_milter()
    return redis, found


def measure(directory, messages):
    """{"one", "three": figures of the second half}, with the lessons and the three digests."""
    half = len(messages) // 2
    result = {}
    for name, count in (("one", 1), ("three", 3)):
        redis, gateways = gateways_on(directory, name, count)
        interleaved(gateways, messages[:half])
        result["lessons"] = redis.version()
        result["digests"] = [digest(gateway, redis.version()) for gateway in gateways]
        result[name] = evaluation.figures(check(gateways[-1], messages[half:]))
        for gateway in gateways:
            gateway.milter.stop()
        redis.stop()
    return result
