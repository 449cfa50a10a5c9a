"""Triton adapter of ``verification.py``: detector's and tagger's findings to final garments."""

import json

import triton_python_backend_utils as pb_utils
from verification import Findings, Labels, Rules, verify

_INPUTS = ("BOXES", "SCORES", "SUPERS", "SUB_PROBABILITIES", "ATTRIBUTE_PROBABILITIES")


class TritonPythonModel:
    """One instance; unbatched, since its rules look at all garments of one photo together."""

    def initialize(self, args):
        """Read taxonomy and thresholds; raises ValueError where they and the shapes disagree."""
        config = json.loads(args["model_config"])
        parameters = {key: value["string_value"] for key, value in config["parameters"].items()}
        self._labels = Labels.from_taxonomy(json.loads(parameters["taxonomy"]))
        self._rules = Rules(
            float(parameters["disagreement_confidence"]),
            float(parameters["overlap_threshold"]),
            float(parameters["dress_preference"]),
            float(parameters["same_place_iou"]),
        )
        for name, count in (
            ("SUB_PROBABILITIES", self._labels.sub_count),
            ("ATTRIBUTE_PROBABILITIES", self._labels.attribute_count),
        ):
            (dims,) = (tensor["dims"] for tensor in config["input"] if tensor["name"] == name)
            if int(dims[-1]) != count:
                raise ValueError(f"{name} has {dims[-1]} columns, the taxonomy has {count} values")

    def execute(self, requests):
        """One response per request: the five GARMENT tensors."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        arrays = [pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in _INPUTS]
        guide_kind = int(pb_utils.get_input_tensor_by_name(request, "GUIDE").as_numpy()[0, 0])
        garments = verify(Findings(*arrays), self._labels, self._rules, guided=guide_kind != 0)
        return pb_utils.InferenceResponse(
            [
                pb_utils.Tensor("GARMENT_SUPER", garments.supers),
                pb_utils.Tensor("GARMENT_SUB", garments.subs),
                pb_utils.Tensor("GARMENT_SUB_SCORE", garments.sub_scores),
                pb_utils.Tensor("GARMENT_ATTRIBUTES", garments.attributes),
                pb_utils.Tensor("GARMENT_STATUS", garments.statuses),
            ]
        )
