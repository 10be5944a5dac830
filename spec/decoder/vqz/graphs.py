"""ONNX graphs: refusing those that a model may not hold, and running the others on one thread.

Models are untrusted input: no control flow, no functions, no files, and only operators of a fixed list.
"""

import numpy as np
import onnx
import onnxruntime

from .refusal import Refused, refuse_unless

OPERATORS = set(
    """Abs Add ArgMax AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv ConvTranspose
    DepthToSpace Div Elu Equal Erf Exp Expand Flatten Floor Gather Gelu Gemm GlobalAveragePool Greater
    GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization LayerNormalization LeakyRelu Less Log MatMul
    Max MaxPool Min Mul Neg Not PRelu Pad Pow Range Reciprocal ReduceMean ReduceSum Relu Reshape Resize Round Shape
    Sigmoid Sign Slice Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Tanh Tile Transpose Unsqueeze
    Where""".split()
)
FLOAT, INT32, FLOAT16 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT32, onnx.TensorProto.FLOAT16


class Graph:
    """A checked graph; `inputs` are the element types that its inputs must have, in order."""

    def __init__(self, content, name, inputs):
        self.name = name
        try:
            model = onnx.load_model_from_string(content)
        except Exception as error:  # protobuf's own, which is not part of its interface
            raise Refused(f"{name}: not an ONNX file: {error}") from None
        self._check(model, inputs)
        self.initialisers = {tensor.name: tensor for tensor in model.graph.initializer}
        self.input_names = [value.name for value in model.graph.input]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common class of errors
            raise Refused(f"{name}: cannot be loaded: {error}") from None

    def _check(self, model, inputs):
        def check(condition, message):
            refuse_unless(condition, f"{self.name}: {message}")

        check(4 <= model.ir_version <= 10, f"IR version {model.ir_version}, 4 to 10 are allowed")
        check(
            len(model.opset_import) == 1
            and model.opset_import[0].domain in ("", "ai.onnx")
            and 11 <= model.opset_import[0].version <= 21,
            "operators of other sets than 11 to 21 of the default domain",
        )
        check(not model.functions, "holds functions")
        check(not model.training_info, "holds training graphs")
        check(not model.graph.sparse_initializer, "holds sparse initialisers")
        tensors = list(model.graph.initializer)
        for node in model.graph.node:
            check(node.domain in ("", "ai.onnx"), f"an operator of the domain {node.domain!r}")
            check(node.op_type in OPERATORS, f"the operator {node.op_type!r} is not allowed")
            for attribute in node.attribute:
                check(not attribute.HasField("g") and not attribute.graphs, "holds a subgraph")
                check(not attribute.HasField("sparse_tensor"), "holds a sparse tensor")
                tensors += [attribute.t] if attribute.HasField("t") else []
        for tensor in tensors:
            external = tensor.external_data or tensor.data_location != onnx.TensorProto.DEFAULT
            check(not external, f"the data of {tensor.name!r} is in another file")
        found = [value.type.tensor_type.elem_type for value in model.graph.input]
        check(found == inputs, f"inputs of the element types {found}, not {inputs}")
        found = [value.type.tensor_type.elem_type for value in model.graph.output]
        check(found == [FLOAT], f"outputs of the element types {found}, not {[FLOAT]}")

    def run(self, *inputs, shape):
        """The graph's output, which has to have this shape."""
        try:
            (output,) = self.session.run(None, dict(zip(self.input_names, inputs)))
        except Exception as error:  # as above
            raise Refused(f"{self.name}: cannot be run: {error}") from None
        refuse_unless(output.shape == shape, f"{self.name}: gives {output.shape}, not {shape}")
        return output

    def codebooks(self, planes, size, width, residual):
        """Refuses an initialiser `codebooks` other than the one that the specification describes."""
        tensor = self.initialisers.get("codebooks")
        refuse_unless(tensor is not None, f"{self.name}: has no initialiser `codebooks`")
        right = tensor.data_type == FLOAT16 and list(tensor.dims) == [planes, size, width]
        refuse_unless(right, f"{self.name}: `codebooks` is not float16 [{planes}, {size}, {width}]")
        refuse_unless(len(tensor.raw_data) == 2 * planes * size * width, f"{self.name}: `codebooks` is not raw data")
        entries = np.frombuffer(tensor.raw_data, "<f2").reshape(planes, size, width)
        refuse_unless(np.isfinite(entries).all(), f"{self.name}: an entry is not finite")
        zero = not residual or not entries[:, 0].any()
        refuse_unless(zero, f"{self.name}: a first entry of residual codebooks is not zero")
