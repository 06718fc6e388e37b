"""How students of several architectures learn in the same time: quality against CPU seconds, size and latency.

Usage: python architectures.py TEXT VALIDATION DEMO PAIRS OUT ARCHITECTURE SENTENCES...
TEXT holds customers.txt, zh.txt and en.txt and the teachers' vectors of their lines, use.npy and e5.npy (see
teacher_vectors.py). VALIDATION is a folder of JSONL intent sets with the splits train and validation; DEMO is data/demo; PAIRS
a file of translations, two sentences a line with a tab between them, which were not learned from. ARCHITECTURE is a line of a
recipe's [student], such as 'architecture = "convolution"', with more lines after `;`. For each number of SENTENCES to be read
a student is taught and written into OUT. Needs numpy and scikit-learn, and `fine-tune` on the PATH. Each run has one thread."""

import json
import os
import pathlib
import random
import subprocess
import sys

import numpy
from sklearn.linear_model import LogisticRegression

from base_quality import across, encoder, rows

FEW, SAMPLES = 10, 3
ONE_THREAD = os.environ | {"RAYON_NUM_THREADS": "1", "CANDLE_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def texts(folder):
    """All lines with the row of their vectors; customers' lines twice, as in the base's own recipe."""
    lines, row = [], 0
    for name, times in (("customers", 2), ("zh", 1), ("en", 1)):
        with open(f"{folder}/{name}.txt", encoding="utf-8") as file:
            for line in file.read().splitlines():
                lines += [(line, row)] * times
                row += 1
    random.Random(1).shuffle(lines)
    return lines


def write_recipe(folder, source, lines, n, architecture):
    """A recipe by which a student reads `n` sentences: some or all lines in one pass or several."""
    folder.mkdir(parents=True)
    epochs = -(-n // len(lines))
    chosen = lines[: n // epochs]
    (folder / "lines.txt").write_text("".join(line + "\n" for line, _ in chosen), encoding="utf-8")
    for teacher in ("use", "e5"):
        vectors = numpy.load(f"{source}/{teacher}.npy", mmap_mode="r")
        numpy.save(folder / f"{teacher}.npy", vectors[[row for _, row in chosen]])
    teachers = "".join(f'[[teacher]]\nvectors = "{name}.npy"\n' for name in ("use", "e5"))
    student = architecture.replace(";", "\n")
    text = f'[[text]]\nfile = "lines.txt"\n{teachers}[student]\nepochs = {epochs}\n{student}\n'
    (folder / "recipe.toml").write_text(text)


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def learn(folder):
    """Runs a recipe; the answer is the CPU seconds of all steps, without what comes before, and the loss."""
    command = ["fine-tune", "distil", folder / "recipe.toml", "--out", folder / "base", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=ONE_THREAD)
    seen = []
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress":
            seen.append((event["step"], cpu_seconds(process.pid), event["loss"]))
    if process.wait():
        sys.exit(f"{folder}: no student")
    (first, begun, _), (last, ended, loss) = seen[0], seen[-1]
    return (ended - begun) * last / (last - first), loss


def few(encode, path):
    known = [row for row in rows(path) if row.get("intent")]
    train, asked = ([row for row in known if row["split"] == split] for split in ("train", "validation"))
    seen, vectors = (encode([row["text"] for row in part]) for part in (train, asked))
    centre, right = seen.mean(0), numpy.array([row["intent"] for row in asked])
    by_intent, found = {}, []
    for at, row in enumerate(train):
        by_intent.setdefault(row["intent"], []).append(at)
    for seed in range(SAMPLES):
        chance = random.Random(seed)
        some = [chance.sample(places, min(FEW, len(places))) for _, places in sorted(by_intent.items())]
        chosen = [at for places in some for at in places]
        model = LogisticRegression(C=100, max_iter=500)
        model.fit(seen[chosen] - centre, [train[at]["intent"] for at in chosen])
        found.append((model.predict(vectors - centre) == right).mean())
    return numpy.mean(found)


def translated(encode, path):
    with open(path, encoding="utf-8") as file:
        left, right = zip(*(line.rstrip("\n").split("\t") for line in file))
    likeness = encode(left) @ encode(right).T
    own = numpy.arange(len(left))
    return ((likeness.argmax(0) == own).mean() + (likeness.argmax(1) == own).mean()) / 2


def main():
    source, validation, demo, pairs, out, architecture = sys.argv[1:7]
    lines, out = texts(source), pathlib.Path(out)
    for sentences in map(int, sys.argv[7:]):
        folder = out / str(sentences)
        write_recipe(folder, source, lines, sentences, architecture)
        seconds, loss = learn(folder)
        encode = encoder(str(folder / "base"))
        found = {path.stem: few(encode, path) for path in sorted(pathlib.Path(validation).glob("*.jsonl"))}
        found |= {"pairs": translated(encode, pairs), "demo": numpy.mean(across(encode, f"{demo}/faq.jsonl"))}
        told = ", ".join(f"{name} {100 * value:.1f}" for name, value in found.items())
        size = (folder / "base" / "model.safetensors").stat().st_size / 1e6
        print(f"{architecture}: {seconds:.0f} CPU s, {sentences} sentences, loss {loss:.3f}, {size:.1f} MB: {told}", flush=True)


if __name__ == "__main__":
    main()
