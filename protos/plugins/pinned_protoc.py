"""A protoc plugin that writes the Python stubs with the protoc of `protos/requirements.txt`.

    pinned_protoc.py python         messages, `*_pb2.py`
    pinned_protoc.py grpc_python    services, `*_pb2_grpc.py`

Stubs run only where protobuf and grpcio are as new as what generated them. That protoc is an old
one, so that the client can be installed beside old versions as well as new ones. It lies in the
folder `protoc` of the environment, where no other program sees it, and as grpcio-tools offers its
generators only from within its own protoc, this program stands between buf and the two.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet

FOLDER = Path(sys.prefix, "protoc")
"""Where `make setup` installs the old grpcio-tools."""


def generate(request: CodeGeneratorRequest, generator: str) -> CodeGeneratorResponse:
    """Return the files of one generator, or protoc's failure as the response's error."""
    from grpc_tools import protoc  # noqa: PLC0415

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
            f"--{generator}_out={output}",
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
    if not (FOLDER / "grpc_tools").is_dir():
        sys.exit(f"{FOLDER} holds no grpcio-tools; run: make setup")
    sys.path.insert(0, str(FOLDER))
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    sys.stdout.buffer.write(generate(request, sys.argv[1]).SerializeToString())


if __name__ == "__main__":
    main()
