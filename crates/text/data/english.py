"""Lists the English words that people commonly write, from lines of English on standard input:
`zcat en.txt.gz | python3 english.py > english.txt`. The list that is here was counted over the English lines that the
shipped base was trained on (their sources stand in data/base/README.md)."""

import collections
import re
import sys

LEAST = 5  # lines that hold a word
RIVAL = 20  # times as many lines hold the word that a slip was meant to be
RARE = 30


def meant(word):
    """Words that a slip of the pen turns into this one: two letters swapped, one doubled or left out."""
    for at in range(1, len(word)):
        yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
        yield word[:at] + word[at - 1] + word[at:]
        for letter in "abcdefghijklmnopqrstuvwxyz":
            yield word[:at] + letter + word[at:]


lines = collections.Counter()
for line in sys.stdin:
    lines.update({word for word in re.findall("[a-z]+", line.lower()) if 4 <= len(word) <= 20})
for word in sorted(word for word, n in lines.items() if n >= LEAST):
    slip = lines[word] < RARE and any(lines[other] >= RIVAL * lines[word] for other in meant(word) if other != word)
    if not slip:
        print(word)
