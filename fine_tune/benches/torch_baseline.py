"""The yardstick for speed over a base: PyTorch for training, ONNX Runtime for serving.

  python torch_baseline.py train BASE ROWS.jsonl [--threads 2] [--batch 32] [--steps 100] [--order sorted|given]
  python torch_baseline.py serve BASE ROWS.jsonl [--threads 1] [--messages 300]

`train` fine-tunes all weights under a linear head (fp32, fused AdamW) on the rows' texts and prints examples per second
of CPU time, after ten steps of warming up. `serve` exports the encoder once, quantises its matrix products to 8 bits, and
prints the median time of a message that comes alone, tokenising included. BASE is a BERT checkpoint in Hugging Face layout.
What it needs is installed into the interpreter that runs it when it is missing (pip: torch transformers onnx onnxscript
onnxruntime).
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

NEEDED = ["torch", "transformers", "onnx", "onnxscript", "onnxruntime"]
WARM_UP = 10
MAX_TOKENS = 128


def install():
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)


def texts_of(path):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(row["text"], row["intent"]) for row in rows if row.get("split", "train") == "train"]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def mean_vector(states, mask):
    mask = mask.unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(1) / mask.sum(1)


def train(arguments):
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(17)
    rows = texts_of(arguments.rows)
    labels = {intent: index for index, intent in enumerate(sorted({intent for _, intent in rows}))}
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    encoder = AutoModel.from_pretrained(arguments.base, dtype=torch.float32)
    head = torch.nn.Linear(encoder.config.hidden_size, len(labels))
    encoder.train()
    weights = [*encoder.parameters(), *head.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=5e-5, fused=True)
    order = torch.randperm(len(rows)).tolist()[: arguments.steps * arguments.batch]
    if arguments.order == "sorted":
        order.sort(key=lambda index: len(tokenizer(rows[index][0])["input_ids"]))
    started = 0.0
    for step in range(arguments.steps):
        if step == WARM_UP:
            started = cpu_seconds()
        chunk = order[step * arguments.batch : (step + 1) * arguments.batch]
        batch = tokenizer(
            [rows[index][0] for index in chunk],
            padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt",
        )
        vectors = mean_vector(encoder(**batch).last_hidden_state, batch["attention_mask"])
        target = torch.tensor([labels[rows[index][1]] for index in chunk])
        loss = torch.nn.functional.cross_entropy(head(vectors), target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    seconds = cpu_seconds() - started
    done = (arguments.steps - WARM_UP) * arguments.batch
    print(f"torch {torch.__version__}, {arguments.order}: {done / seconds:.1f} examples per CPU second")


def serve(arguments):
    import onnxruntime
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel, AutoTokenizer

    texts = [text for text, _ in texts_of(arguments.rows)][: arguments.messages]
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    encoder = AutoModel.from_pretrained(arguments.base, dtype=torch.float32).eval()
    names = [name for name in tokenizer.model_input_names if name in ("input_ids", "attention_mask", "token_type_ids")]

    class Vector(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = encoder

        def forward(self, *inputs):
            named = dict(zip(names, inputs))
            return mean_vector(self.encoder(**named).last_hidden_state, named["attention_mask"])

    with tempfile.TemporaryDirectory() as folder:
        plain, small = os.path.join(folder, "plain.onnx"), os.path.join(folder, "small.onnx")
        example = tokenizer(["how long does it take"], return_tensors="pt")
        axes = {name: {0: "rows", 1: "tokens"} for name in names}
        torch.onnx.export(
            Vector().eval(), tuple(example[name] for name in names), plain,
            input_names=names, output_names=["vector"], dynamic_axes=axes, opset_version=17, dynamo=False,
        )
        quantize_dynamic(plain, small, weight_type=QuantType.QInt8)
        for what, path in [("fp32", plain), ("int8", small)]:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = arguments.threads
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

            def ask(text):
                begun = time.perf_counter()
                read = tokenizer([text], truncation=True, max_length=MAX_TOKENS, return_tensors="np")
                session.run(None, {name: read[name] for name in names})
                return time.perf_counter() - begun

            for text in texts[:20]:
                ask(text)
            times = [ask(text) * 1e3 for text in texts]
            print(f"onnxruntime {onnxruntime.__version__} {what}: p50 {statistics.median(times):.2f} ms a message")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "serve"])
    parser.add_argument("base")
    parser.add_argument("rows")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--order", choices=["sorted", "given"], default="given")
    parser.add_argument("--messages", type=int, default=300)
    arguments = parser.parse_args()
    install()
    if arguments.what == "train":
        arguments.threads = arguments.threads or 2
        train(arguments)
    else:
        arguments.threads = arguments.threads or 1
        serve(arguments)


if __name__ == "__main__":
    main()
