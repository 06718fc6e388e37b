"""The yardstick for entities: a linear-chain CRF (python-crfsuite) with the usual window features.

Trains on FOLDER/NAME.train.conll, chooses L1 and L2 on the dev file and reports entity-level precision, recall
and F1 of the chosen setting on dev and test.
Usage: python crf_baseline.py FOLDER NAME… (pip install python-crfsuite)
"""

import sys
import time

import pycrfsuite

SETTINGS = [(0.0, 1.0), (0.1, 0.1), (0.0, 0.1)]
ITERATIONS = 200


def read(path):
    """Sentences of (token, tag), separated by blank lines."""
    sentences, current = [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\r\n")
            if line:
                token, tag = line.split("\t")
                current.append((token, tag))
            elif current:
                sentences.append(current)
                current = []
    return sentences + [current] if current else sentences


def features(sentence, at):
    """Words two to each side, their pairs, affixes and shapes."""
    def word(offset):
        place = at + offset
        if 0 <= place < len(sentence):
            return sentence[place][0].lower()
        return "<s>" if place < 0 else "</s>"

    token = sentence[at][0]
    lower = token.lower()
    found = ["bias"]
    found += [f"w{offset}={word(offset)}" for offset in (-2, -1, 0, 1, 2)]
    found += [f"w-1w0={word(-1)}|{word(0)}", f"w0w1={word(0)}|{word(1)}"]
    found += [f"p{n}={lower[:n]}" for n in (1, 2, 3)] + [f"s{n}={lower[-n:]}" for n in (1, 2, 3)]
    for offset in (-1, 0, 1):
        if 0 <= at + offset < len(sentence):
            near = sentence[at + offset][0]
            found += [f"u{offset}={near.isupper()}", f"t{offset}={near.istitle()}", f"d{offset}={near.isdigit()}"]
    return found


def spans(tags):
    """Entities as (first, last, type); an I that continues nothing begins one."""
    found, start, kind = [], None, None
    for at, tag in enumerate(list(tags) + ["O"]):
        continues = tag[:1] == "I" and tag[2:] == kind
        if kind is not None and not continues:
            found.append((start, at - 1, kind))
            kind = None
        if tag != "O" and not continues:
            start, kind = at, tag[2:]
    return set(found)


def measure(tagger, sentences):
    right = said = there = 0
    for sentence in sentences:
        tags = tagger.tag([features(sentence, at) for at in range(len(sentence))])
        found, gold = spans(tags), spans(tag for _, tag in sentence)
        right, said, there = right + len(found & gold), said + len(found), there + len(gold)
    precision, recall = right / max(said, 1), right / max(there, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def main(folder, names):
    for name in names:
        train, dev, test = (read(f"{folder}/{name}.{part}.conll") for part in ("train", "dev", "test"))
        best = None
        for l1, l2 in SETTINGS:
            started = time.process_time()
            trainer = pycrfsuite.Trainer(verbose=False)
            trainer.set_params({"c1": l1, "c2": l2, "max_iterations": ITERATIONS})
            for sentence in train:
                rows = [features(sentence, at) for at in range(len(sentence))]
                trainer.append(rows, [tag for _, tag in sentence])
            model = f"/tmp/{name}.{l1}.{l2}.crfsuite"
            trainer.train(model)
            seconds = time.process_time() - started
            tagger = pycrfsuite.Tagger()
            tagger.open(model)
            figures = measure(tagger, dev)
            print(f"{name} c1={l1} c2={l2} dev F1 {figures[2]:.4f} in {seconds:.0f} CPU-seconds", flush=True)
            if best is None or figures[2] > best[0][2]:
                best = (figures, tagger)
        for part, figures in (("dev", best[0]), ("test", measure(best[1], test))):
            precision, recall, f1 = figures
            print(f"{name} {part} precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
