"""What training takes from libraries that are not installed where tests and checks run.

They are in the group `train` of pyproject.toml. Without them nobody knows their types, so here they
have none.
"""

from importlib import import_module
from typing import Any

torch: Any = import_module("torch")
functional: Any = import_module("torch.nn.functional")
safetensors: Any = import_module("safetensors.torch")

Tensor = Any
Learner = Any
