"""Mailboxes to teach from: as many different messages as are wanted, the same at each run."""

import random

WORDS = [a + b for a in "ba ce di fo gu ka le mi no pu".split()
         for b in "ra sti ndo lme xi tru vy pok gle zan".split()]


def mailbox(seed, count, words=40):
    """An mbox of `count` different messages; some words are the same in all of one seed. `words`:
    how many the body of each has."""
    chance = random.Random(seed)
    theme = chance.sample(WORDS, 10)
    messages = []
    for number in range(count):
        text = " ".join(chance.choice(theme if chance.random() < 0.5 else WORDS)
                        for _ in range(words))
        messages.append("From ann Thu Jan  1 00:00:00 2026\nFrom: ann@sender.test\n"
                        "Message-ID: <%s.%d@sender.test>\nSubject: %s\n\n%s\n\n"
                        % (seed, number, chance.choice(WORDS), text))
    return "".join(messages)
