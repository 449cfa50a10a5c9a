"""Triton adapter of ``selection.py``: detections and the caller's guide to the boxes to crop."""

import json
from typing import Any

import triton_python_backend_utils as pb_utils
from selection import Detections, GuideError, Limits, select

_INPUTS = ("DETECTION_BOXES", "DETECTION_SCORES", "DETECTION_CLASSES", "GEOMETRY")


class TritonPythonModel:
    """One instance; unbatched, since the number of boxes differs from photo to photo."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the limits from the parameters of config.pbtxt."""
        parameters = json.loads(args["model_config"])["parameters"]
        self._limits = Limits.from_strings(
            {key: value["string_value"] for key, value in parameters.items()}
        )

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request: BOXES, SCORES, SUPERS, FLAGS, GUIDE_SUPERS, COVERAGE."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        arrays = [
            pb_utils.get_input_tensor_by_name(request, name).as_numpy()[0] for name in _INPUTS
        ]
        guide = pb_utils.get_input_tensor_by_name(request, "GUIDE").as_numpy()[0]
        try:
            chosen = select(Detections(*arrays), guide, self._limits)
        except GuideError as error:
            return pb_utils.InferenceResponse(
                error=pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG)
            )
        return pb_utils.InferenceResponse(
            [
                pb_utils.Tensor("BOXES", chosen.boxes),
                pb_utils.Tensor("SCORES", chosen.scores),
                pb_utils.Tensor("SUPERS", chosen.supers),
                pb_utils.Tensor("FLAGS", chosen.flags),
                pb_utils.Tensor("GUIDE_SUPERS", chosen.guide_supers),
                pb_utils.Tensor("COVERAGE", chosen.coverage),
            ]
        )
