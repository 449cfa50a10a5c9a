"""A protoc plugin that writes the `*_pb2_grpc.py` files with grpcio-tools.

buf runs plugins as programs of their own, and grpcio-tools offers its generator only from within
its own protoc; this program stands between the two.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def generate(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """Return the generated files, or protoc's failure as the response's error."""
    response = CodeGeneratorResponse(
        supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder, "descriptors.binpb")
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        output = Path(folder, "out")
        output.mkdir()
        arguments = [
            "protoc",
            f"--descriptor_set_in={descriptors}",
            f"--grpc_python_out={output}",
            *request.file_to_generate,
        ]
        if protoc.main(arguments) != 0:
            response.error = "grpc_tools.protoc failed; its message is above"
            return response
        for path in sorted(output.rglob("*.py")):
            response.file.add(name=str(path.relative_to(output)), content=path.read_text())
    return response


def main() -> None:
    """Read a CodeGeneratorRequest from standard input, write the response to standard output."""
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    sys.stdout.buffer.write(generate(request).SerializeToString())


if __name__ == "__main__":
    main()
