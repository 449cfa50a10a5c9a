"""The checks of `tritonclient.grpc`: what is written, searched and faked."""

import numpy as np
import tritonclient.grpc as triton
from checks import check, expect, failure_of, main


@check("bad_input.size")
def _() -> str:
    wanted = triton.InferInput("values", [4], "FP32")
    error = failure_of(lambda: wanted.set_data_from_numpy(np.zeros(3, np.float32)))
    return expect("3" in str(error) and "4" in str(error), str(error))


@check("bad_input.choice")
def _() -> str:
    wanted = triton.InferInput("values", [4], "FP23")
    error = failure_of(lambda: wanted.set_data_from_numpy(np.zeros(4, np.float32)))
    return expect(
        "FP23" in str(error) and "FP32" in str(error) and "FP16" in str(error), str(error)
    )


@check("bad_input.all")
def _() -> str:
    wanted = triton.InferInput("values", [4], "INT8")
    error = failure_of(lambda: wanted.set_data_from_numpy(np.zeros(3, np.float32)))
    text = str(error)
    return expect("INT8" in text and "[3" in text, text)


if __name__ == "__main__":
    main()
