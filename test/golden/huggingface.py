"""Golden lists of what Hugging Face's transformers makes of configurations: test/golden/huggingface.json.gz.

For each configuration: what save_pretrained stores (names, shapes, dtypes), which names stand for a stored tensor, and for small ones
the law that every tensor starts by, measured from a model that transformers initialised: constant, uniform or normal with its
standard deviation, and rows that are zero. Shapes come from the meta device, so real sizes cost nothing; every small configuration is
also saved for real, which must give the same list.

    python -m venv venv && venv/bin/pip install torch transformers safetensors && venv/bin/python test/golden/huggingface.py
"""

import gzip
import json
import logging
import math
import pathlib
import re
import tempfile
import warnings

import torch
import transformers
from safetensors import safe_open
from transformers.core_model_loading import revert_weight_conversion

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)

tiny = dict(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96)
words = dict(vocab_size=211, max_position_embeddings=48)
text = {**tiny, **words}
grouped = {**text, "num_key_value_heads": 2}
labels = {"id2label": {str(i): f"label {i}" for i in range(5)}}
gpt2 = dict(n_embd=64, n_layer=2, n_head=4, vocab_size=211, n_positions=48)
image = {**tiny, "image_size": 32, "patch_size": 8}
stages = dict(embedding_size=16, hidden_sizes=[32, 64], depths=[1, 2])

llama_1b = dict(vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
                num_key_value_heads=8, head_dim=64, tie_word_embeddings=True, dtype="bfloat16")
llama_8b = dict(vocab_size=128256, intermediate_size=14336, num_key_value_heads=8)
mistral_7b = dict(torch_dtype="bfloat16")
qwen2_half = dict(vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
                  num_key_value_heads=2, tie_word_embeddings=True)
pythia_1b = dict(vocab_size=50304, hidden_size=2048, num_hidden_layers=16, num_attention_heads=8, intermediate_size=8192)
resnet_18 = dict(hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic",
                 id2label={str(i): str(i) for i in range(1000)})
thousand = {"id2label": {str(i): str(i) for i in range(1000)}}

# model_type, architecture, configuration; a small one is initialised and saved.
cases = [
    ("llama", "LlamaForCausalLM", {}),
    ("llama", "LlamaForCausalLM", llama_1b),
    ("llama", "LlamaForCausalLM", llama_8b),
    ("llama", "LlamaModel", grouped),
    ("llama", "LlamaForCausalLM", {**grouped, "tie_word_embeddings": True, "attention_bias": True}),
    ("llama", "LlamaForCausalLM", {**text, "mlp_bias": True, "head_dim": 24, "pad_token_id": 3, "initializer_range": 0.05}),
    ("llama", "LlamaForSequenceClassification", {**text, **labels, "pad_token_id": -1, "tie_word_embeddings": True}),
    ("llama", "LlamaForTokenClassification", {**text, "num_labels": 7}),
    ("llama", "LlamaForQuestionAnswering", {**text, "num_key_value_heads": None, "initializer_range": 0.0}),
    ("mistral", "MistralForCausalLM", mistral_7b),
    ("mistral", "MistralModel", grouped),
    ("mistral", "MistralForCausalLM", {**grouped, "head_dim": 24, "tie_word_embeddings": True}),
    ("mistral", "MistralForSequenceClassification", {**grouped, **labels}),
    ("mistral", "MistralForTokenClassification", {**grouped, "num_labels": 3, "token_classification_bias": False}),
    ("mistral", "MistralForQuestionAnswering", grouped),
    ("qwen2", "Qwen2ForCausalLM", qwen2_half),
    ("qwen2", "Qwen2ForCausalLM", {}),
    ("qwen2", "Qwen2Model", grouped),
    ("qwen2", "Qwen2ForCausalLM", {**grouped, "tie_word_embeddings": True, "pad_token_id": 0}),
    ("qwen2", "Qwen2ForSequenceClassification", {**grouped, **labels}),
    ("qwen2", "Qwen2ForTokenClassification", grouped),
    ("qwen2", "Qwen2ForQuestionAnswering", {**grouped, "head_dim": 24, "num_key_value_heads": None}),
    ("gpt2", "GPT2LMHeadModel", {}),
    ("gpt2", "GPT2LMHeadModel", dict(n_embd=1600, n_layer=48, n_head=25)),
    ("gpt2", "GPT2Model", {**gpt2, "n_inner": 80}),
    ("gpt2", "GPT2LMHeadModel", {**gpt2, "add_cross_attention": True, "initializer_range": 0.05}),
    ("gpt2", "GPT2LMHeadModel", {**text, "tie_word_embeddings": False}),
    ("gpt2", "GPT2DoubleHeadsModel", {**gpt2, "n_layer": 3}),
    ("gpt2", "GPT2DoubleHeadsModel", {**gpt2, "summary_proj_to_labels": False}),
    ("gpt2", "GPT2DoubleHeadsModel", {**gpt2, "summary_use_proj": False}),
    ("gpt2", "GPT2ForSequenceClassification", {**gpt2, **labels}),
    ("gpt2", "GPT2ForTokenClassification", {**gpt2, "num_labels": 3}),
    ("gpt2", "GPT2ForQuestionAnswering", gpt2),
    ("gpt_neox", "GPTNeoXForCausalLM", pythia_1b),
    ("gpt_neox", "GPTNeoXForCausalLM", {}),
    ("gpt_neox", "GPTNeoXModel", text),
    ("gpt_neox", "GPTNeoXForCausalLM", {**text, "tie_word_embeddings": True, "attention_bias": False}),
    ("gpt_neox", "GPTNeoXForSequenceClassification", {**text, **labels}),
    ("gpt_neox", "GPTNeoXForTokenClassification", text),
    ("gpt_neox", "GPTNeoXForQuestionAnswering", {**text, "pad_token_id": 1}),
    ("bert", "BertForMaskedLM", {}),
    ("bert", "BertForPreTraining", dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)),
    ("bert", "BertModel", text),
    ("bert", "BertModel", {**text, "is_decoder": True, "add_cross_attention": True, "type_vocab_size": 3}),
    ("bert", "BertForPreTraining", {**text, "pad_token_id": None}),
    ("bert", "BertForMaskedLM", {**text, "tie_word_embeddings": False, "pad_token_id": 5}),
    ("bert", "BertLMHeadModel", {**text, "is_decoder": True}),
    ("bert", "BertForNextSentencePrediction", text),
    ("bert", "BertForSequenceClassification", {**text, **labels}),
    ("bert", "BertForTokenClassification", {**text, "num_labels": 9}),
    ("bert", "BertForQuestionAnswering", text),
    ("bert", "BertForMultipleChoice", {**text, **labels}),
    ("vit", "ViTForImageClassification", thousand),
    ("vit", "ViTModel", dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096, image_size=384)),
    ("vit", "ViTModel", {**image, "pooler_output_size": 40}),
    ("vit", "ViTModel", {**image, "image_size": [32, 48], "patch_size": [8, 16], "initializer_range": 0.05}),
    ("vit", "ViTForImageClassification", {**image, **labels, "qkv_bias": False, "num_channels": 1}),
    ("vit", "ViTForImageClassification", {**image, "id2label": {}}),
    ("vit", "ViTForMaskedImageModeling", {**image, "encoder_stride": 8, "head_dim": 24}),
    ("resnet", "ResNetForImageClassification", thousand),
    ("resnet", "ResNetForImageClassification", resnet_18),
    ("resnet", "ResNetModel", stages),
    ("resnet", "ResNetForImageClassification", {**stages, **labels, "layer_type": "basic"}),
    ("resnet", "ResNetForImageClassification", {**stages, "num_labels": 0, "downsample_in_bottleneck": True}),
    ("resnet", "ResNetModel", {**stages, "hidden_sizes": [16, 16, 64], "depths": [2, 1, 1], "downsample_in_first_stage": True}),
    ("resnet", "ResNetModel", {**stages, "hidden_sizes": [16, 64], "layer_type": "basic", "num_channels": 1}),
    ("resnet", "ResNetBackbone", stages),
]

dtypes = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.int64: "int64"}


def build(model_type, architecture, config, device):
    # What from_pretrained reads: every key goes to the class's constructor.
    loaded = transformers.CONFIG_MAPPING[model_type].from_dict(json.loads(json.dumps(config)))
    torch.manual_seed(17)
    with torch.device(device):
        return getattr(transformers, architecture)(loaded)


def stored(model):
    """Names as save_pretrained stores them, in order, with shapes and dtypes, and aliases with what they stand for."""
    aliases = dict(model.all_tied_weights_keys)
    state = {name: tensor for name, tensor in model.state_dict().items() if name not in aliases}
    # Under the names that checkpoints have, which are not always those in memory.
    rename = lambda name: next(iter(revert_weight_conversion(model, {name: model.state_dict()[name]})))
    return revert_weight_conversion(model, state), {rename(alias): rename(name) for alias, name in aliases.items()}


def law(tensor):
    """How a tensor starts, by its elements."""
    x = tensor.double()
    low, high = x.min().item(), x.max().item()
    if low == high:
        return ["constant", low]
    rows = [i for i in range(x.shape[0]) if x.dim() == 2 and x.shape[0] > 1 and bool((x[i] == 0).all())]
    if rows:
        kept = [i for i in range(x.shape[0]) if i not in rows]
        x = x[kept]
    std = math.sqrt((x**2).mean().item())
    # A uniform law's extremes lie within sqrt(3) standard deviations, which no normal sample of hundreds does.
    kind = "uniform" if x.numel() > 200 and x.abs().max().item() < 1.9 * std else "normal"
    return [kind, float(f"{std:.4g}"), *([rows] if rows else [])]


def compact(rows):
    """Rows whose names differ in numbers alone share a line: pattern, shape, dtype and what the numbers are."""
    lines = {}
    for name, rest in rows:
        pattern = re.sub(r"(?<=\.)\d+(?=\.)", "*", name)
        numbers = [int(n) for n in re.findall(r"(?<=\.)\d+(?=\.)", name)]
        lines.setdefault((pattern, json.dumps(rest)), []).append(numbers)
    return [[pattern, *json.loads(rest), numbers] for (pattern, rest), numbers in lines.items()]


result = []
for model_type, architecture, config in cases:
    tensors, aliases = stored(build(model_type, architecture, config, "meta"))
    rows = [[name, [list(t.shape), dtypes[t.dtype]]] for name, t in tensors.items()]
    case = {"config": {**config, "model_type": model_type, "architectures": [architecture]}, "tied": aliases}
    if config.get("hidden_size") == 64 or config.get("n_embd") == 64 or config.get("embedding_size") == 16:
        model = build(model_type, architecture, config, "cpu")
        real, _ = stored(model)
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            with safe_open(f"{folder}/model.safetensors", "pt") as file:
                saved = {name: file.get_tensor(name) for name in file.keys()}
        assert saved.keys() == tensors.keys(), (architecture, set(saved) ^ set(tensors))
        assert all(saved[name].shape == tensors[name].shape for name in saved), architecture
        rows = [[name, [*rest, law(saved[name])]] for name, rest in rows]
    # Thousands of labels that are numbers say nothing but how many they are.
    if len(case["config"].get("id2label") or {}) == 1000:
        del case["config"]["id2label"]
        case["config"]["num_labels"] = 1000
    case["tensors"] = compact(rows)
    result.append(case)

text = json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "cases": result})
target = pathlib.Path(__file__).with_suffix(".json.gz")
target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
print(f"{len(result)} configurations, {len(text)} characters, {target.stat().st_size} bytes")
